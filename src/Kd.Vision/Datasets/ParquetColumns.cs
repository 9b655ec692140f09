using ParquetSharp;
using Encoding = System.Text.Encoding;

namespace Kd.Vision.Datasets;

/// <summary>
/// Reads the columns of pictures, paths and labels of one parquet file, and keeps no more content than its length explains.
/// </summary>
internal sealed class ParquetColumns
{
    private const string Bytes = "image.bytes",
        Paths = "image.path",
        Labels = "label";
    private const int Batch = 1024;
    private const int SmallestRow = 8;
    private readonly string _file;
    private readonly bool _needsLabels;
    private readonly Dictionary<string, int> _columns = [];
    private readonly long _length;
    private long _left;

    /// <summary>Finds the columns.</summary>
    /// <param name="file">The file.</param>
    /// <param name="schema">Its columns.</param>
    /// <param name="needsLabels">Whether it must have labels.</param>
    /// <exception cref="DatasetException">One is missing.</exception>
    public ParquetColumns(string file, SchemaDescriptor schema, bool needsLabels)
    {
        (_file, _length) = (file, new FileInfo(file).Length);
        _left = ParquetPages.Limit(_length);
        for (var column = 0; column < schema.NumColumns; column++)
            _columns.TryAdd(schema.Column(column).Path.ToDotString(), column);
        string[] needed = needsLabels ? [Bytes, Paths, Labels] : [Bytes, Paths];
        if (needed.Any(name => !_columns.ContainsKey(name)))
            throw new DatasetException($"'{file}' has the columns {string.Join(", ", _columns.Keys)}; expected {string.Join(", ", needed)}.");
        _needsLabels = needsLabels;
    }

    /// <summary>Reads a group of rows.</summary>
    /// <returns>Picture, path and label of each row; null where the file has null, and for labels that are not needed.</returns>
    /// <exception cref="DatasetException">The group claims more rows or content than the file's length explains, or a column has another type.</exception>
    public (byte[]?[] Pictures, string?[] Paths, long?[] Labels) Read(RowGroupReader rows)
    {
        // Each row has the bytes of a picture: a file that claims more rows would only make the arrays large.
        if (rows.MetaData.NumRows > _length / SmallestRow)
            throw new DatasetException($"'{_file}' claims {rows.MetaData.NumRows} rows in a group, but has only {_length} bytes.");
        var count = (int)rows.MetaData.NumRows;
        var pictures = new byte[]?[count];
        var paths = new string?[count];
        var labels = new long?[count];
        Read<ByteArray>(rows, Bytes, count, (row, value) => pictures[row] = Take(value).ToArray());
        Read<ByteArray>(rows, Paths, count, (row, value) => paths[row] = Encoding.UTF8.GetString(Take(value)));
        if (_needsLabels)
            Read<long>(rows, Labels, count, (row, value) => labels[row] = value);
        return (pictures, paths, labels);
    }

    private void Read<T>(RowGroupReader rows, string name, int count, Action<int, T> set)
        where T : unmanaged
    {
        using var column = rows.Column(_columns[name]);
        if (column is not ColumnReader<T> reader || column.ColumnDescriptor.MaxRepetitionLevel > 0)
            throw new DatasetException($"'{_file}' has a column {name} of the type {column.Type}, expected one value of {typeof(T).Name} a row.");
        var present = column.ColumnDescriptor.MaxDefinitionLevel;
        var (levels, values) = (present > 0 ? new short[Batch] : null, new T[Batch]);
        var row = 0;
        while (row < count && reader.HasNext)
        {
            var read = (int)reader.ReadBatch(Math.Min(Batch, count - row), levels, null, values, out _);
            if (read == 0)
                break;
            for (var (i, next) = (0, 0); i < read; i++, row++)
            {
                if (levels is null || levels[i] == present)
                    set(row, values[next++]);
            }
        }

        if (row < count)
            throw new DatasetException($"'{_file}' has {row} of {count} values in its column {name}.");
    }

    private unsafe ReadOnlySpan<byte> Take(ByteArray value)
    {
        if ((_left -= value.Length) < 0)
            throw new DatasetException(
                $"'{_file}' has {_length} bytes, but its pictures and paths have more than {ParquetPages.LargestRatio} times as many. Those of a dataset are "
                    + "encoded (JPEG, PNG) and hardly compress."
            );
        return new ReadOnlySpan<byte>((void*)value.Pointer, value.Length);
    }
}
