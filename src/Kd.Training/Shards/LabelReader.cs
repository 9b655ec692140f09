using System.Globalization;
using System.Numerics.Tensors;
using Google.Protobuf;
using Kd.Protocol.Teacher.V1;
using Kd.Training.Diagnostics;
using Kd.Vision.Datasets;
using Kd.Vision.Views;
using ParquetSharp;

namespace Kd.Training.Shards;

/// <summary>Receives the label of a view, which is valid during the call.</summary>
internal delegate void LabelReceiver(ViewId view, Span<byte> label);

/// <summary>Reads a label shard, a batch of views at a time.</summary>
internal sealed class LabelReader : IDisposable
{
    private readonly string _path;
    private readonly ParquetFileReader _file;
    private readonly Dictionary<string, int> _columns = [];

    private LabelReader(string path)
    {
        (_path, _file) = (path, new ParquetFileReader(path));
        var schema = _file.FileMetaData.Schema;
        for (var column = 0; column < schema.NumColumns; column++)
            _columns.TryAdd(schema.Column(column).Path.ToDotVector()[0], column);
        var metadata = _file.FileMetaData.KeyValueMetadata;
        if (metadata.GetValueOrDefault(LabelFile.VersionKey) is not LabelFile.Version and var version)
            throw Damaged($"its metadata {LabelFile.VersionKey} is '{version}', expected {LabelFile.Version}");
        var teacher = JsonParser.Default.Parse<DescribeReply>(metadata[LabelFile.TeacherKey]);
        Layout = new LabelLayout(teacher, int.Parse(metadata[LabelFile.TopKey], NumberStyles.None, CultureInfo.InvariantCulture));
    }

    /// <summary>Teacher and encoding.</summary>
    public LabelLayout Layout { get; }

    /// <summary>Opens a file and reads from it.</summary>
    /// <exception cref="TrainingException">It is damaged, or no label shard.</exception>
    public static void Read(string path, Action<LabelReader> read)
    {
        try
        {
            ParquetPages.Check(path);
            using var reader = new LabelReader(path);
            read(reader);
        }
        catch (Exception error) when (error is not (TrainingException or OperationCanceledException))
        {
            throw new TrainingException(Explain(path, error.Message), error);
        }
    }

    /// <summary>Reads the ids of all views.</summary>
    public void ReadViews(Action<ViewId> receive)
    {
        for (var group = 0; group < _file.FileMetaData.NumRowGroups; group++)
        {
            using var rows = _file.RowGroup(group);
            using var views = rows.Column(_columns[LabelFile.View]).LogicalReader<string>();
            foreach (var view in views)
                receive(ParseView(view));
        }
    }

    /// <summary>Reads all labels, and compares each one with its checksum.</summary>
    public void ReadLabels(LabelReceiver receive)
    {
        for (var group = 0; group < _file.FileMetaData.NumRowGroups; group++)
        {
            using var rows = _file.RowGroup(group);
            ReadGroup(rows, receive);
        }
    }

    public void Dispose() => _file.Dispose();

    private void ReadGroup(RowGroupReader rows, LabelReceiver receive)
    {
        using var views = rows.Column(_columns[LabelFile.View]).LogicalReader<string>();
        using var teachers = rows.Column(_columns[LabelFile.Teacher]).LogicalReader<string>();
        using var classes = Layout.Top > 0 ? Open<int>(rows, LabelFile.Classes) : null;
        using var logits = Open<float>(rows, LabelFile.Logits);
        using var rests = Layout.Top > 0 ? Open<float>(rows, LabelFile.Rest) : null;
        using var checksums = Open<long>(rows, LabelFile.Checksum);
        var (values, label) = (Layout.Values, new byte[Layout.Size]);
        for (long done = 0, batch = LabelFile.BatchOf(Layout); done < rows.MetaData.NumRows; done += batch)
        {
            var count = (int)Math.Min(batch, rows.MetaData.NumRows - done);
            var (ids, teacherIds, tops) = (Take(views, count), Take(teachers, count), classes is null ? [] : Take(classes, count, values));
            var (kept, others, sums) = (Take(logits, count, values), rests is null ? [] : Take(rests, count, 1), Take(checksums, count, 1));
            for (var row = 0; row < count; row++)
            {
                TensorPrimitives.ConvertToHalf(kept.AsSpan(row * values, values), Layout.LogitsOf(label));
                if (Layout.Top > 0)
                {
                    tops.AsSpan(row * values, values).CopyTo(Layout.ClassesOf(label));
                    Layout.RestOf(label) = (Half)others[row];
                }

                var view = ParseView(ids[row]);
                if (teacherIds[row] != Layout.Teacher.TeacherId)
                    throw Damaged($"the view {view} is of the teacher {teacherIds[row]}, but the file of the teacher {Layout.Teacher.TeacherId}");
                if (sums[row] != Layout.Checksum(view, label))
                    throw Damaged($"the checksum of the view {view} is {sums[row]}, but its label has {Layout.Checksum(view, label)}");
                receive(view, label);
            }
        }
    }

    private ColumnReader<T> Open<T>(RowGroupReader rows, string name)
        where T : unmanaged
    {
        var column = rows.Column(_columns[name]);
        return column as ColumnReader<T> ?? throw Damaged($"its column {name} has the type {column.Type}, expected {typeof(T).Name}");
    }

    private string[] Take(LogicalColumnReader<string> column, int rows)
    {
        var values = new string[rows];
        return column.ReadBatch(values.AsSpan()) == rows ? values : throw Damaged("a column has fewer values than the file has views");
    }

    // Lists of another length than the layout's are refused before memory is taken for them.
    private T[] Take<T>(ColumnReader<T> column, int rows, int perRow)
        where T : unmanaged
    {
        var count = rows * perRow;
        var (values, present, positions) = (new T[count], new short[count], new short[count]);
        var (inner, isList) = (column.ColumnDescriptor.MaxDefinitionLevel, column.ColumnDescriptor.MaxRepetitionLevel > 0);
        for (var done = 0; done < count; )
        {
            var read = (int)column.ReadBatch(count - done, present.AsSpan(done), positions.AsSpan(done), values.AsSpan(done), out var valuesRead);
            if (read == 0 || valuesRead != read)
                throw Damaged("a column has a null, or fewer values than the file has views");
            done += read;
        }

        for (var i = 0; i < count; i++)
        {
            if ((inner > 0 && present[i] != inner) || (isList && positions[i] == 0 != (i % perRow == 0)))
                throw Damaged($"a list has another length than the {perRow} logits of a view");
        }

        return values;
    }

    private ViewId ParseView(string text) =>
        text.Length == 2 * ViewId.Length && UInt128.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)
            ? new ViewId(value)
            : throw Damaged($"'{text}' is no view id of {2 * ViewId.Length} hexadecimal digits");

    private TrainingException Damaged(string reason) => new(Explain(_path, reason));

    private static string Explain(string path, string reason) =>
        $"'{path}' cannot be read as a label shard: {reason.TrimEnd('.')}. If it is damaged, delete it, and run the command that wrote it again "
        + "(Run:Task=label or export-labels with the same Run:Shard), which makes what is missing.";
}
