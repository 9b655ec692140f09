using System.IO.Hashing;
using System.Text.Json;
using Kd.Settings;
using Kd.Vision.Imaging;
using ParquetSharp;
using Encoding = System.Text.Encoding;

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
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10),
        s_patiencePerMegabyte = TimeSpan.FromSeconds(1);

    public static IReadOnlyList<string> FindFiles(string path)
    {
        var nested = Path.Combine(path, "data");
        return [.. new[] { path, nested }.Where(Directory.Exists).SelectMany(folder => Directory.GetFiles(folder, "*.parquet")).Order(StringComparer.Ordinal)];
    }

    public static IReadOnlyList<string> ReadClassNames(string path) =>
        DatasetLoader.CheckNames(path, ReadGuarded(FindFiles(path)[0], file => Names(file, ReadDescription(file))));

    public static ImageDataset Open(DatasetOptions options, DecodedPictures decoded)
    {
        var names = ReadClassNames(options.Path);
        var train = Read("train") ?? throw new DatasetException($"'{Path.GetFullPath(options.Path)}' has no file train-*.parquet.");
        var validation = Read("validation") ?? Read("val");
        var test = Read("test");
        return DatasetSplitter.Assemble($"parquet files at {options.Path}", options, names, train, validation, test, decoded);

        List<ImageItem>? Read(string split)
        {
            var files = FindFiles(options.Path).Where(file => Path.GetFileName(file).StartsWith(split + "-", StringComparison.Ordinal)).ToList();
            return files.Count == 0 ? null : [.. files.SelectMany(file => ReadGuarded(file, name => ReadFile(name, names.Count, options)))];
        }
    }

    /// <summary>Reads the pictures of all parquet files of a folder, and no labels.</summary>
    public static List<ImageItem> ReadUnlabeled(string folder, DatasetOptions options) =>
        [.. FindFiles(folder).SelectMany(file => ReadGuarded(file, name => ReadFile(name, classes: null, options)))];

    /// <summary>The class names in the JSON of the Hugging Face library.</summary>
    private static IReadOnlyList<string> Names(string file, ReadOnlySpan<byte> description)
    {
        try
        {
            var reader = new Utf8JsonReader(description);
            using var document = JsonDocument.ParseValue(ref reader);
            var label = document.RootElement.GetProperty("info").GetProperty("features").GetProperty("label");
            return [.. label.GetProperty("names").EnumerateArray().Select(name => name.GetString() ?? "")];
        }
        catch (Exception error) when (error is KeyNotFoundException or JsonException or InvalidOperationException)
        {
            throw new DatasetException($"'{file}' has no class names: expected info.features.label.names in its schema metadata '{MetadataKey}'.", error);
        }
    }

    // The JSON is metadata of the file, or, as text, of the Arrow schema in it.
    private static byte[] ReadDescription(string file)
    {
        using var reader = new ParquetFileReader(file);
        var metadata = reader.FileMetaData.KeyValueMetadata;
        if (metadata.TryGetValue(MetadataKey, out var json))
            return Encoding.UTF8.GetBytes(json);
        if (!metadata.TryGetValue(ArrowKey, out var encoded))
            return [];
        var schema = Convert.FromBase64String(encoded);
        var start = schema.AsSpan().IndexOf("{\"info\""u8);
        return start < 0 ? [] : schema[start..];
    }

    // Without a number of classes, labels are not read.
    private static List<ImageItem> ReadFile(string file, int? classes, DatasetOptions options)
    {
        ParquetPages.Check(file);
        var largestArea = options.LargestPicture * 1_000_000L;
        using var reader = new ParquetFileReader(file);
        var metadata = reader.FileMetaData;
        var columns = new ParquetColumns(file, metadata.Schema, needsLabels: classes is not null);
        var items = new List<ImageItem>();
        for (var group = 0; group < metadata.NumRowGroups; group++)
        {
            using var rows = reader.RowGroup(group);
            var (pictures, paths, labels) = columns.Read(rows);
            for (var row = 0; row < labels.Length; row++)
            {
                var name = $"{file}, row {items.Count}{(paths[row] is { } path ? $" ({path})" : "")}";
                if (classes is not null && (labels[row] is not { } known || known < 0 || known >= classes))
                    throw new DatasetException($"{name} has the label {labels[row]?.ToString() ?? "null"}, expected 0 to {classes - 1}.");
                var (label, encoded) = ((int)(labels[row] ?? ImageItem.Unlabeled), pictures[row] ?? []);
                items.Add(
                    new ImageItem(
                        name,
                        label,
                        rows => new ImageContent(ImageDecoder.Decode(encoded, name, largestArea, rows), XxHash128.HashToUInt128(encoded))
                    )
                );
            }
        }

        return items;
    }

    // A damaged file has made another library run for ever.
    private static T ReadGuarded<T>(string file, Func<string, T> read)
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
