using System.IO.Hashing;
using Kd.Settings;
using Kd.Vision.Imaging;

namespace Kd.Vision.Datasets;

/// <summary>Reads datasets with one folder per class under <c>train/</c>, <c>val/</c> and <c>test/</c>.</summary>
internal static class FolderDataset
{
    // Bytes of a pixel in a file that is not compressed.
    private const int LargestPixel = 4;
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
        return DatasetLoader.CheckNames(train, names);
    }

    public static ImageDataset Open(DatasetOptions options, DecodedPictures decoded)
    {
        var names = ReadClassNames(options.Path);
        var train = Read(options, "train", names) ?? [];
        var validation = Read(options, "val", names) ?? Read(options, "validation", names);
        var test = Read(options, "test", names);
        return DatasetSplitter.Assemble($"folders at {options.Path}", options, names, train, validation, test, decoded);
    }

    /// <summary>Finds all pictures below a folder, without labels, ordered by path.</summary>
    public static List<ImageItem> ReadUnlabeled(string folder, DatasetOptions options) =>
        [.. Pictures(folder, SearchOption.AllDirectories, ImageItem.Unlabeled, options)];

    private static List<ImageItem>? Read(DatasetOptions options, string split, IReadOnlyList<string> names)
    {
        var root = Path.Combine(options.Path, split);
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
            items.AddRange(Pictures(folder, SearchOption.TopDirectoryOnly, label, options));
        }

        return items;
    }

    private static IEnumerable<ImageItem> Pictures(string folder, SearchOption search, int label, DatasetOptions options)
    {
        var largest = options.LargestPicture * 1_000_000L;
        return Directory
            .GetFiles(folder, "*", search)
            .Where(file => s_extensions.Contains(Path.GetExtension(file)))
            .Order(StringComparer.Ordinal)
            .Select(file => new ImageItem(file, label, rows => Load(file, largest, rows)));
    }

    private static ImageContent Load(string file, long largestArea, RowChoice? rows)
    {
        byte[] bytes;
        try
        {
            bytes = ReadBytes(file, largestArea);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Not a corrupt picture: left out, it would change the dataset, and the run could not be continued when it is readable again.
            throw new DatasetException($"The picture '{file}' cannot be read: {error.Message}");
        }

        return new ImageContent(ImageDecoder.Decode(bytes, file, largestArea, rows), XxHash128.HashToUInt128(bytes));
    }

    private static byte[] ReadBytes(string file, long largestArea)
    {
        var target = File.ResolveLinkTarget(file, returnFinalTarget: true) as FileInfo ?? new FileInfo(file);
        // Reading a pipe or a device may never end; they have no length.
        if (target.Length == 0)
            throw new CorruptImageException(file, "the file is empty, or no ordinary file");
        if (target.Length > LargestPixel * largestArea)
            throw new CorruptImageException(
                file,
                $"it has {target.Length} bytes, more than {LargestPixel} for each of {largestArea / 1e6:G3} million pixels (Dataset:LargestPicture)"
            );
        return File.ReadAllBytes(file);
    }
}
