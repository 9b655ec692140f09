using Kd.Settings;
using Kd.Training.Artifacts;
using Kd.Training.Batches;
using Kd.Training.Configuration;
using Kd.Vision.Datasets;

namespace Kd.Training.Runs;

/// <summary>The inputs of a run: name, method, settings, images, folder and teacher. A study derives the setups of its runs from its own.</summary>
internal sealed record RunSetup
{
    /// <summary>Name of the run or study.</summary>
    public required string Id { get; init; }

    /// <summary>One of <see cref="Methods"/>.</summary>
    public required string Method { get; init; }

    /// <summary>The resolved settings.</summary>
    public required RunConfiguration Configuration { get; init; }

    /// <summary>Images, views and teacher; without the images that have no label if the method needs labels.</summary>
    public required BatchSource Batches
    {
        get => Methods.UsesLabels(Method) ? AllBatches?.Labeled! : AllBatches;
        init => AllBatches = value;
    }

    /// <summary>The same, whatever the method needs.</summary>
    public BatchSource AllBatches { get; private init; } = null!;

    /// <summary>Folder of the results.</summary>
    public required RunFolder Folder { get; init; }

    /// <summary>The teacher; null if none is needed.</summary>
    public TeacherInfo? Teacher { get; init; }

    /// <summary>Whether the student is compared with the teacher on the test images, which the teacher must label for it.</summary>
    public bool MeasuresDivergence { get; init; }

    /// <summary>The images.</summary>
    public ImageDataset Dataset => Batches.Dataset;

    /// <summary>Whether the method needs the teacher.</summary>
    public bool UsesTeacher => Methods.UsesTeacher(Method);
}
