using System.IO.Hashing;
using Kd.Settings;
using Kd.Vision.Imaging;

namespace Kd.Vision.Datasets;

/// <summary>Reads datasets with one folder per class under <c>train/</c>, <c>val/</c> and <c>test/</c>.</summary>
internal static class FolderDataset
{
    private static readonly HashSet<string> s_extensions = new(StringComparer.OrdinalIgnoreCase) { ".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp" };

    public static IReadOnlyList<string> ReadClassNames(string path)
    {
        var train = Path.Combine(path, "train");
        if (!Directory.Exists(train))
            throw new DatasetException(
                $"'{Path.GetFullPath(path)}' has neither a folder train/ nor parquet files. "
                    + "Expected train/CLASS/*.jpg (and val/ and test/ in the same form), or *.parquet."
            );
        var names = Directory.GetDirectories(train).Select(folder => Path.GetFileName(folder)).Order(StringComparer.Ordinal).ToList();
        return names.Count >= 2 ? names : throw new DatasetException($"'{Path.GetFullPath(train)}' has {names.Count} class folders, expected at least 2.");
    }

    public static ImageDataset Open(DatasetOptions options, DecodedPictures decoded)
    {
        var names = ReadClassNames(options.Path);
        var train = Read(options, "train", names) ?? [];
        var validation = Read(options, "val", names) ?? Read(options, "validation", names);
        var test = Read(options, "test", names);
        return DatasetSplitter.Assemble("folders", options, names, train, validation, test, decoded);
    }

    private static List<ImageItem>? Read(DatasetOptions options, string split, IReadOnlyList<string> names)
    {
        var root = Path.Combine(options.Path, split);
        var largest = options.LargestPicture * 1_000_000L;
        if (!Directory.Exists(root))
            return null;
        var labels = names.Index().ToDictionary(entry => entry.Item, entry => entry.Index);
        var items = new List<ImageItem>();
        foreach (var folder in Directory.GetDirectories(root).Order(StringComparer.Ordinal))
        {
            if (!labels.TryGetValue(Path.GetFileName(folder), out var label))
                throw new DatasetException(
                    $"The class '{Path.GetFileName(folder)}' is in '{Path.GetFullPath(root)}' but not in train/. Each class needs training pictures."
                );
            var files = Directory.GetFiles(folder).Where(file => s_extensions.Contains(Path.GetExtension(file))).Order(StringComparer.Ordinal);
            items.AddRange(files.Select(file => new ImageItem(file, label, () => Load(file, largest))));
        }

        return items;
    }

    private static ImageContent Load(string file, long largestArea)
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CorruptImageException(file, error.Message);
        }

        return new ImageContent(ImageDecoder.Decode(bytes, file, largestArea), XxHash128.HashToUInt128(bytes));
    }
}
