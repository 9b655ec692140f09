using System.Security.Cryptography;
using Kd.Settings;
using Kd.Training.Batches;
using Kd.Training.Configuration;
using Kd.Training.Control;
using Kd.Training.Diagnostics;
using Kd.Training.Shards;
using Kd.Training.Teaching;

namespace Kd.Training.Tasks;

/// <summary>Runs the tasks label, which computes labels into the cache or into label shards, and export-labels, which copies the cache into shards.</summary>
/// <param name="configuration">The settings.</param>
/// <param name="batches">Images and views.</param>
/// <param name="teachers">The teachers.</param>
/// <param name="monitor">Shows the progress.</param>
internal sealed class Labeling(RunConfiguration configuration, BatchSource batches, TeacherGroup teachers, RunMonitor monitor)
{
    /// <summary>Runs the task.</summary>
    /// <returns>The result as text.</returns>
    /// <exception cref="TrainingException">Views to export are not in the cache, or a file cannot be written.</exception>
    public string Execute(CancellationToken cancellation)
    {
        var (isExport, shard) = (configuration.Run.Task == RunOptions.ExportLabels, ViewShard.Parse(configuration.Run.Shard));
        using var writer = string.IsNullOrEmpty(configuration.Labels.Write) ? null : CreateWriter(shard, cancellation);
        var prelabeler = new Prelabeler(batches, teachers.Teachers, configuration.Views.PerSample, monitor)
        {
            Shard = shard,
            Writer = writer,
            TakesStoredOnly = isExport,
        };
        var (views, computed, missing) = prelabeler.Execute(BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)), cancellation);
        var part = shard.Count > 1 ? $" of shard {shard}" : "";
        var place = part + (writer is null ? "" : $" in '{configuration.Labels.Write}'");
        if (missing > 0)
            throw new TrainingException(
                $"The cache lacks {missing} of {views} views{part}; the labels of the others are in '{configuration.Labels.Write}'. Compute them with "
                    + "Run:Task=label and the same settings, without Labels:Write, and export again, which adds what is missing; or let Run:Task=label write "
                    + "them into that folder."
            );
        return isExport ? $"exported {views} views{place}" : $"labeled {views} views{place}: {computed} computed now, {views - computed} already stored";
    }

    // The classes of the logits are in the dataset's order.
    private LabelWriter CreateWriter(ViewShard shard, CancellationToken cancellation)
    {
        var teacher = teachers.Teachers[0].DescribeAsync(batches.Dataset.ClassNames, cancellation).GetAwaiter().GetResult().Clone();
        if (batches.Dataset.ClassNames.Count > 0)
        {
            teacher.Classes.Clear();
            teacher.Classes.AddRange(batches.Dataset.ClassNames);
        }

        return new LabelWriter(configuration.Labels, shard, new LabelLayout(teacher, configuration.Labels.Top));
    }
}
