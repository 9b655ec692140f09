using Kd.StudentTrainer.Batches;
using Kd.StudentTrainer.Runs;
using Kd.StudentTrainer.Training;

namespace Kd.StudentTrainer.Labeling;

/// <summary>Some samples in one view: what a call to the teacher asks for.</summary>
/// <param name="Source">The view.</param>
/// <param name="Samples">Indexes in the split.</param>
internal sealed record LabelingUnit(ViewSource Source, int[] Samples);

/// <summary>All views that runs of a configuration ask the teacher for.</summary>
internal static class LabelingWork
{
    /// <summary>Training images in each of their views, and test images in their evaluation view, cut into calls.</summary>
    /// <exception cref="TrainingException">There are as many views as epochs: nothing to label ahead.</exception>
    public static List<LabelingUnit> Create(RunContext context)
    {
        var views = context.Configuration.Views.PerSample;
        if (views == 0)
            throw new TrainingException(
                "Views:PerSample is 0: every epoch has fresh views, so none can be labelled ahead. Set it to the number of views that training will use, for example 8."
            );
        var training = Enumerable.Range(0, views).SelectMany(view => Cut(new ViewSource(context.Dataset.Train, context.Planner, view), context));
        return [.. training, .. Cut(new ViewSource(context.Dataset.Test, context.Planner, null), context)];
    }

    private static IEnumerable<LabelingUnit> Cut(ViewSource source, RunContext context) =>
        Enumerable.Range(0, source.Split.Count).Chunk(context.Teacher!.CallSize).Select(samples => new LabelingUnit(source, samples));
}
