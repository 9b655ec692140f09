using System.Globalization;
using System.Numerics.Tensors;
using Google.Protobuf;
using Kd.Core.Files;
using Kd.Vision.Views;
using ParquetSharp;
using ParquetSharp.Schema;

namespace Kd.Training.Shards;

/// <summary>The columns of a label shard, and how one is written (docs/labels.md).</summary>
internal static class LabelFile
{
    /// <summary>Names of the columns.</summary>
    public const string View = "view_id",
        Teacher = "teacher_id",
        Classes = "classes",
        Logits = "logits",
        Rest = "rest",
        Checksum = "checksum";

    /// <summary>Keys of the file's metadata, and the version of this layout.</summary>
    public const string VersionKey = "kd.labels.version",
        TeacherKey = "kd.labels.teacher",
        TopKey = "kd.labels.top",
        Version = "1";

    /// <summary>Largest number of values of a column that are converted at once, unless one view has more.</summary>
    private const int Batch = 1 << 14;

    // A dictionary has at most 65,536 values of 4 bytes: far less than the values of the group that it serves.
    private const int GroupValues = 1 << 23;

    /// <summary>Number of views that are read or written at once.</summary>
    public static int BatchOf(LabelLayout layout) => Math.Max(1, Batch / layout.Values);

    /// <summary>Writes a file so that it is whole or absent after a crash.</summary>
    /// <param name="path">The file.</param>
    /// <param name="layout">Teacher and encoding.</param>
    /// <param name="views">The views.</param>
    /// <param name="labels">The label of each view, one after another.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static void Write(string path, LabelLayout layout, IReadOnlyList<ViewId> views, byte[] labels) =>
        AtomicFile.Write(
            path,
            stream =>
            {
                using var schema = CreateSchema(layout);
                using var properties = CreateProperties();
                using var file = new ParquetFileWriter(stream, schema, properties, CreateMetadata(layout), leaveOpen: true);
                var rows = Math.Max(1, GroupValues / layout.Values);
                for (var start = 0; start < views.Count; start += rows)
                    WriteGroup(file, layout, [.. views.Skip(start).Take(rows)], labels.AsMemory(start * layout.Size));
                file.Close();
            }
        );

    // Logits are float columns, since Spark does not read parquet's float16; with a dictionary of the distinct values, each takes at most 16 bits.
    private static GroupNode CreateSchema(LabelLayout layout)
    {
        List<Node> columns = [Text(View), Text(Teacher)];
        if (layout.Top > 0)
            columns.Add(List(Classes, PhysicalType.Int32));
        columns.Add(List(Logits, PhysicalType.Float));
        if (layout.Top > 0)
            columns.Add(Single(Rest, PhysicalType.Float));
        columns.Add(Single(Checksum, PhysicalType.Int64));
        return new GroupNode("schema", Repetition.Required, columns);

        static Node Single(string name, PhysicalType type) => new PrimitiveNode(name, Repetition.Required, LogicalType.None(), type);

        static Node Text(string name) => new PrimitiveNode(name, Repetition.Required, LogicalType.String(), PhysicalType.ByteArray);

        static Node List(string name, PhysicalType type) =>
            new GroupNode(name, Repetition.Required, [new GroupNode("list", Repetition.Repeated, [Single("element", type)])], LogicalType.List());
    }

    private static WriterProperties CreateProperties()
    {
        using var builder = new WriterPropertiesBuilder();
        return builder
            .Compression(Compression.Zstd)
            .DisableDictionary(View)
            .Encoding(View, ParquetSharp.Encoding.DeltaLengthByteArray)
            .DisableDictionary(Checksum)
            .Build();
    }

    private static Dictionary<string, string> CreateMetadata(LabelLayout layout) =>
        new()
        {
            [VersionKey] = Version,
            [TeacherKey] = JsonFormatter.Default.Format(layout.Teacher),
            [TopKey] = layout.Top.ToString(CultureInfo.InvariantCulture),
        };

    private static void WriteGroup(ParquetFileWriter file, LabelLayout layout, ViewId[] views, Memory<byte> labels)
    {
        using var group = file.AppendRowGroup();
        WriteSingle(group, Array.ConvertAll(views, view => view.ToString()));
        WriteSingle(group, Array.ConvertAll(views, _ => layout.Teacher.TeacherId));
        if (layout.Top > 0)
            WriteList<int>(group, layout, views.Length, (row, values) => layout.ClassesOf(LabelOf(row)).CopyTo(values));
        WriteList<float>(group, layout, views.Length, (row, values) => TensorPrimitives.ConvertToSingle(layout.LogitsOf(LabelOf(row)), values));
        if (layout.Top > 0)
            WriteSingle(group, [.. Enumerable.Range(0, views.Length).Select(row => (float)layout.RestOf(LabelOf(row)))]);
        WriteSingle(group, [.. views.Select((view, row) => layout.Checksum(view, LabelOf(row)))]);

        Span<byte> LabelOf(int row) => labels.Span.Slice(row * layout.Size, layout.Size);
    }

    private static void WriteSingle<T>(RowGroupWriter group, T[] values)
    {
        using var column = group.NextColumn().LogicalWriter<T>();
        column.WriteBatch(values);
    }

    private static void WriteList<T>(RowGroupWriter group, LabelLayout layout, int rows, Action<int, Span<T>> read)
        where T : unmanaged
    {
        using var column = (ColumnWriter<T>)group.NextColumn();
        var (count, batch) = (layout.Values, BatchOf(layout));
        var values = new T[count * batch];
        // Every value is present, and the first one of a row starts a new list.
        var (present, positions) = (new short[values.Length], new short[values.Length]);
        present.AsSpan().Fill(1);
        for (var i = 0; i < positions.Length; i++)
            positions[i] = (short)(i % count == 0 ? 0 : 1);
        for (var start = 0; start < rows; start += batch)
        {
            var some = Math.Min(batch, rows - start);
            for (var row = 0; row < some; row++)
                read(start + row, values.AsSpan(row * count, count));
            column.WriteBatch(some * count, present.AsSpan(0, some * count), positions.AsSpan(0, some * count), values.AsSpan(0, some * count));
        }
    }
}
