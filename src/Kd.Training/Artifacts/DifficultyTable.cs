using Kd.Training.Curriculum;
using Kd.Vision.Datasets;
using ParquetSharp;
using ParquetSharp.IO;

namespace Kd.Training.Artifacts;

/// <summary>Writes the difficulty of each sample to a Parquet file.</summary>
internal static class DifficultyTable
{
    private static readonly Column[] s_columns =
    [
        new Column<int>("Sample"),
        new Column<string>("Name"),
        new Column<string>("Class"),
        new Column<float>("Difficulty"),
        new Column<int?>("Measured"),
    ];

    /// <summary>Writes difficulty.parquet: sample, name, class, difficulty (0 to 1), epoch of the last measurement (from 0; null: never measured).</summary>
    public static void Write(RunFolder folder, ImageDataset dataset, SampleDifficulty difficulty)
    {
        var split = dataset.Train;
        var (values, measured) = difficulty.Capture();
        var samples = Enumerable.Range(0, split.Count).ToArray();
        using var buffer = new ResizableBuffer();
        using (var output = new BufferOutputStream(buffer))
        using (var file = new ParquetFileWriter(output, s_columns))
        {
            using (var rows = file.AppendRowGroup())
            {
                Write(rows, samples);
                Write(rows, Array.ConvertAll(samples, split.NameOf));
                Write(rows, Array.ConvertAll(samples, dataset.ClassOf));
                Write(rows, values);
                Write(rows, Array.ConvertAll(measured, epoch => epoch < 0 ? (int?)null : epoch));
            }

            file.Close();
        }

        folder.WriteBytes("difficulty.parquet", buffer.ToArray());
    }

    private static void Write<T>(RowGroupWriter rows, T[] values)
    {
        using var column = rows.NextColumn().LogicalWriter<T>();
        column.WriteBatch(values);
    }
}
