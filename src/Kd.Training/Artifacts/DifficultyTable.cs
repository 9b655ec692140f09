using Kd.Training.Curriculum;
using Kd.Vision.Datasets;
using Parquet.Serialization;

namespace Kd.Training.Artifacts;

/// <summary>Writes the difficulty of each sample to a Parquet file.</summary>
internal static class DifficultyTable
{
    /// <summary>Writes difficulty.parquet: sample, name, class, difficulty, epoch of the last measurement (null: never measured).</summary>
    public static void Write(RunFolder folder, ImageSplit split, IReadOnlyList<string> classes, SampleDifficulty difficulty)
    {
        var (values, measured) = difficulty.Capture();
        var rows = Enumerable
            .Range(0, split.Count)
            .Select(sample => new Row
            {
                Sample = sample,
                Name = split.NameOf(sample),
                Class = classes[split.Labels[sample]],
                Difficulty = values[sample],
                Measured = measured[sample] < 0 ? null : measured[sample],
            });
        using var buffer = new MemoryStream();
        ParquetSerializer.SerializeAsync(rows, buffer).GetAwaiter().GetResult();
        folder.WriteBytes("difficulty.parquet", buffer.ToArray());
    }

    /// <summary>A row of the file.</summary>
    internal sealed class Row
    {
        public int Sample { get; set; }

        public string Name { get; set; } = "";

        public string Class { get; set; } = "";

        /// <summary>0 to 1.</summary>
        public float Difficulty { get; set; }

        /// <summary>Epoch of the last measurement, from 0; null: never measured.</summary>
        public int? Measured { get; set; }
    }
}
