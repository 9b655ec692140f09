using System.Diagnostics;
using Kd.Protocol.Teacher.V1;
using Kd.Training.Configuration;
using Kd.Training.Diagnostics;
using Kd.Training.Teaching;

namespace Kd.Training.Shards;

/// <summary>Provides the logits of a teacher from the label shards of Labels:Path, without the teacher.</summary>
/// <remarks>All files are read once, when the teacher is described, and every label is compared with its checksum then.</remarks>
/// <param name="configuration">The settings of this process: Labels:Path and Run:Folder.</param>
internal sealed class ShardedLabels(RunConfiguration configuration) : ILogitsSource, IDisposable
{
    private readonly string _folder = configuration.Labels.Path ?? "";
    private readonly Lock _opening = new();
    private (LabelStore Labels, LabelLayout Layout, int Files)? _opened;
    private ClassOrder _order = ClassOrder.Same;
    private long _views,
        _ticks;

    /// <inheritdoc/>
    public IReadOnlyList<TeacherUsage> Usages => [Usage];

    /// <inheritdoc/>
    public TeacherUsage Usage => new(Interlocked.Read(ref _views), 0, 0, new TimeSpan(Interlocked.Read(ref _ticks)), TimeSpan.Zero);

    /// <summary>Describes the opened shards for the user.</summary>
    public string Summary =>
        _opened is var (labels, layout, files)
            ? $"labels of {labels.Count} views{(layout.Top > 0 ? $", top {layout.Top} of {layout.Classes} classes," : "")} from '{_folder}' (files: {files}); "
                + "no teacher is called"
            : "";

    /// <inheritdoc/>
    public Task<DescribeReply[]> DescribeAsync(IReadOnlyList<string> classes, CancellationToken cancellation)
    {
        var layout = Open(cancellation).Layout;
        _order =
            ClassOrder.Find(layout.Teacher.Classes, classes.Count > 0 ? classes : layout.Teacher.Classes)
            ?? throw new TrainingException(
                $"The labels in '{_folder}' (Labels:Path) are of the classes {string.Join(", ", layout.Teacher.Classes.Take(5))}, ... ({layout.Classes}); "
                    + $"the dataset has {string.Join(", ", classes.Take(5))}, ... ({classes.Count}). Set Dataset:Path to the dataset that was labeled, or "
                    + "Labels:Path to labels of this one."
            );
        var description = layout.Teacher.Clone();
        // Another teacher for a run that is continued: it gives other weights.
        if (layout.Top > 0)
            description.TeacherId += $"-top{layout.Top}";
        return Task.FromResult<DescribeReply[]>([description]);
    }

    /// <inheritdoc/>
    public Task<TeacherAnswers> GetLogitsAsync(TeacherQuestion question, CancellationToken cancellation)
    {
        var started = Stopwatch.GetTimestamp();
        var (labels, layout, _) = Open(cancellation);
        var (rows, label) = (new float[question.Views.Length][], new byte[layout.Size]);
        var missing = question.Views.Where((view, row) => !TryRead(view, rows[row] = new float[layout.Classes])).ToList();
        if (missing.Count > 0)
            throw new TrainingException(
                $"The run needs the labels of {question.Views.Length} views, of which {missing.Count} are not among the {labels.Count} of the teacher "
                    + $"{layout.Teacher.TeacherId} in '{_folder}' (Labels:Path), such as {missing[0]}. Label them with Run:Task=label, Labels:Write={_folder} "
                    + "and this run's Dataset, Views:Seed, Views:Size and Views:PerSample (one more where a curriculum decides sizes), in all shards of "
                    + "Run:Shard."
            );
        Interlocked.Add(ref _views, question.Views.Length);
        Interlocked.Add(ref _ticks, Stopwatch.GetElapsedTime(started).Ticks);
        return Task.FromResult(
            new TeacherAnswers(
                [
                    [.. _order.Apply(rows).SelectMany(row => row)],
                ],
                [1]
            )
        );

        bool TryRead(Vision.Views.ViewId view, float[] row) => labels.TryRead(view, label) && layout.TryDecode(label, row);
    }

    public void Dispose() => _opened?.Labels.Dispose();

    private (LabelStore Labels, LabelLayout Layout, int Files) Open(CancellationToken cancellation)
    {
        lock (_opening)
            return _opened ??= ReadFiles(LabelFolder.RequireFiles(_folder), cancellation);
    }

    private (LabelStore, LabelLayout, int) ReadFiles(IReadOnlyList<string> files, CancellationToken cancellation)
    {
        LabelLayout layout = null!;
        LabelReader.Read(files[0], reader => layout = reader.Layout);
        var labels = new LabelStore(configuration.Run.Folder, layout.Size);
        try
        {
            foreach (var path in files)
            {
                cancellation.ThrowIfCancellationRequested();
                LabelReader.Read(path, reader => ReadFile(path, reader));
            }

            labels.Complete();
            return (labels, layout, files.Count);
        }
        catch
        {
            labels.Dispose();
            throw;
        }

        void ReadFile(string path, LabelReader reader)
        {
            layout.RequireSame(files[0], reader.Layout, $"'{path}' has", "Keep the files of one teacher in the folder that Labels:Path names.");
            reader.ReadLabels((view, label) => labels.Add(view, label));
        }
    }
}
