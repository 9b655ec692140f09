using System.IO.Hashing;
using System.Text.Json;
using Apache.Arrow.Ipc;
using Kd.Settings;
using Kd.Vision.Imaging;
using Parquet;

namespace Kd.Vision.Datasets;

/// <summary>
/// Reads Hugging Face parquet files with the columns <c>image</c> (struct: bytes, path) and <c>label</c>, named <c>train-*.parquet</c> and so on;
/// a split may have several files.
/// </summary>
/// <remarks>The encoded pictures are held in memory, the decoded ones within <see cref="DatasetOptions.DecodedMemory"/>.</remarks>
internal static class ParquetDataset
{
    private const string MetadataKey = "huggingface";
    private const string ArrowKey = "ARROW:schema";
    private const int SmallestRow = 8;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10),
        s_patiencePerMegabyte = TimeSpan.FromSeconds(1);

    public static IReadOnlyList<string> FindFiles(string path)
    {
        var nested = Path.Combine(path, "data");
        return [.. new[] { path, nested }.Where(Directory.Exists).SelectMany(folder => Directory.GetFiles(folder, "*.parquet")).Order(StringComparer.Ordinal)];
    }

    public static IReadOnlyList<string> ReadClassNames(string path) => ReadGuarded(FindFiles(path)[0], ReadClassNamesAsync);

    public static ImageDataset Open(DatasetOptions options, DecodedPictures decoded)
    {
        var names = ReadClassNames(options.Path);
        var train = Read("train") ?? throw new DatasetException($"'{Path.GetFullPath(options.Path)}' has no file train-*.parquet.");
        var validation = Read("validation") ?? Read("val");
        var test = Read("test");
        return DatasetSplitter.Assemble("parquet files", options, names, train, validation, test, decoded);

        List<ImageItem>? Read(string split)
        {
            var files = FindFiles(options.Path).Where(file => Path.GetFileName(file).StartsWith(split + "-", StringComparison.Ordinal)).ToList();
            return files.Count == 0
                ? null
                : [.. files.SelectMany(file => ReadGuarded(file, name => ReadFileAsync(name, names.Count, options.LargestPicture * 1_000_000L)))];
        }
    }

    private static async Task<IReadOnlyList<string>> ReadClassNamesAsync(string file)
    {
        await using var reader = await ParquetReader.CreateAsync(file);
        var metadata = reader.CustomMetadata;
        if (!metadata.TryGetValue(MetadataKey, out var json) && metadata.TryGetValue(ArrowKey, out var encoded))
        {
            using var arrow = new ArrowStreamReader(new MemoryStream(Convert.FromBase64String(encoded)));
            arrow.Schema.Metadata?.TryGetValue(MetadataKey, out json);
        }

        try
        {
            using var document = JsonDocument.Parse(json ?? "{}");
            var label = document.RootElement.GetProperty("info").GetProperty("features").GetProperty("label");
            return [.. label.GetProperty("names").EnumerateArray().Select(name => name.GetString() ?? "")];
        }
        catch (Exception error) when (error is KeyNotFoundException or JsonException or InvalidOperationException)
        {
            throw new DatasetException($"'{file}' has no class names: expected info.features.label.names in its schema metadata '{MetadataKey}'.", error);
        }
    }

    private static async Task<List<ImageItem>> ReadFileAsync(string file, int classes, long largestArea)
    {
        await using var reader = await ParquetReader.CreateAsync(file);
        var fields = reader.Schema.GetDataFields().ToDictionary(field => field.Path.ToString());
        if (
            !fields.TryGetValue("image/bytes", out var bytesField)
            || !fields.TryGetValue("image/path", out var pathField)
            || !fields.TryGetValue("label", out var labelField)
        )
            throw new DatasetException($"'{file}' has the columns {string.Join(", ", fields.Keys)}; expected image/bytes, image/path and label.");
        var items = new List<ImageItem>();
        var length = new FileInfo(file).Length;
        for (var group = 0; group < reader.RowGroupCount; group++)
        {
            using var rows = reader.OpenRowGroupReader(group);
            // Each row has the bytes of a picture: a file that claims more rows would only make the arrays large.
            if (rows.RowCount > length / SmallestRow)
                throw new DatasetException($"'{file}' claims {rows.RowCount} rows in a group, but has only {length} bytes.");
            var count = checked((int)rows.RowCount);
            var (pictures, paths, labels) = (new byte[]?[count], new string?[count], new long?[count]);
            await rows.ReadAsync(bytesField, pictures.AsMemory());
            await rows.ReadAsync(pathField, paths.AsMemory());
            await rows.ReadAsync(labelField, labels.AsMemory());
            for (var row = 0; row < count; row++)
            {
                var name = $"{file}, row {items.Count}{(paths[row] is { } path ? $" ({path})" : "")}";
                if (labels[row] is not { } label || label < 0 || label >= classes)
                    throw new DatasetException($"{name} has the label {labels[row]?.ToString() ?? "null"}, expected 0 to {classes - 1}.");
                var encoded = pictures[row] ?? [];
                items.Add(
                    new ImageItem(name, (int)label, () => new ImageContent(ImageDecoder.Decode(encoded, name, largestArea), XxHash128.HashToUInt128(encoded)))
                );
            }
        }

        return items;
    }

    // On damaged files the library throws exceptions of many types, and on some it does not come to an end.
    private static T ReadGuarded<T>(string file, Func<string, Task<T>> read)
    {
        try
        {
            var limit = s_patience + s_patiencePerMegabyte * (new FileInfo(file).Length / 1e6);
            return Task.Run(() => read(file)).WaitAsync(limit).GetAwaiter().GetResult();
        }
        catch (Exception error) when (error is not DatasetException)
        {
            throw new DatasetException($"'{file}' is damaged, or not a parquet file that can be read: {error.Message}", error);
        }
    }
}
