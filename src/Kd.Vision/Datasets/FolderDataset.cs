using System.IO.Hashing;
using Kd.Settings;
using Kd.Vision.Imaging;

namespace Kd.Vision.Datasets;

/// <summary>
/// Reads datasets with one folder per class under <c>train/</c>, <c>val/</c> and <c>test/</c>, or with the class folders alone.
/// As in torchvision's ImageFolder, pictures may lie in further folders below that of their class.
/// </summary>
internal static class FolderDataset
{
    // Bytes of a pixel in a file that is not compressed.
    private const int LargestPixel = 4;

    // Hidden entries are those of tools, such as .ipynb_checkpoints/ and ._picture.jpg.
    private static readonly EnumerationOptions s_listing = new() { AttributesToSkip = FileAttributes.Hidden, IgnoreInaccessible = false };
    private static readonly HashSet<string> s_extensions = new(StringComparer.OrdinalIgnoreCase) { ".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp" };

    /// <summary>Names of the folders that splits may have.</summary>
    public static IReadOnlyList<string> Splits { get; } = ["train", "val", "validation", "test"];

    public static IReadOnlyList<string> ReadClassNames(string path) => NamesIn(FindTraining(path));

    /// <summary>Finds the folder whose folders are the classes: <c>train/</c>, or the dataset itself if it is not divided into splits.</summary>
    /// <exception cref="DatasetException">There is neither.</exception>
    public static string FindTraining(string path)
    {
        var train = Path.Combine(path, "train");
        if (Directory.Exists(train))
            return train;
        if (Splits.FirstOrDefault(split => Directory.Exists(Path.Combine(path, split))) is { } other)
            throw new DatasetException($"'{Path.GetFullPath(path)}' has a folder {other}/, but no train/ with a folder for each class.");
        return ClassFolders(path).Any(folder => Files(folder).Any())
            ? path
            : throw new DatasetException(
                $"'{Path.GetFullPath(path)}' has neither a folder train/, nor folders with pictures, nor parquet files. "
                    + "Expected CLASS/*.jpg, train/CLASS/*.jpg (and val/ and test/ in the same form), or *.parquet."
            );
    }

    public static ImageDataset Open(DatasetOptions options, DecodedPictures decoded)
    {
        var training = FindTraining(options.Path);
        var names = NamesIn(training);
        var train = Read(training, options, names) ?? [];
        var validation = ReadSplit("val") ?? ReadSplit("validation");
        var test = ReadSplit("test");
        return DatasetSplitter.Assemble($"folders at {options.Path}", options, names, train, validation, test, decoded);

        List<ImageItem>? ReadSplit(string split) => Read(Path.Combine(options.Path, split), options, names);
    }

    /// <summary>Finds all pictures below a folder, without labels, ordered by path.</summary>
    public static List<ImageItem> ReadUnlabeled(string folder, DatasetOptions options) => [.. Pictures(folder, ImageItem.Unlabeled, options)];

    private static List<ImageItem>? Read(string root, DatasetOptions options, IReadOnlyList<string> names)
    {
        if (!Directory.Exists(root))
            return null;
        var labels = names.Index().ToDictionary(entry => entry.Item, entry => entry.Index);
        var items = new List<ImageItem>();
        foreach (var folder in ClassFolders(root))
        {
            if (!labels.TryGetValue(Path.GetFileName(folder), out var label))
                throw new DatasetException(
                    $"The class '{Path.GetFileName(folder)}' is in '{Path.GetFullPath(root)}' but not in train/. Each class needs training pictures."
                );
            items.AddRange(Pictures(folder, label, options));
        }

        return items;
    }

    private static IReadOnlyList<string> NamesIn(string training) =>
        DatasetLoader.CheckNames(training, [.. ClassFolders(training).Select(folder => Path.GetFileName(folder))]);

    private static IEnumerable<string> ClassFolders(string root) => Directory.GetDirectories(root, "*", s_listing).Order(StringComparer.Ordinal);

    // Each folder once, however many links lead to it: they may form circles. In a fixed order, so that it is always the same path that counts.
    private static IEnumerable<string> Files(string root)
    {
        var seen = new HashSet<string>();
        var waiting = new Stack<(string Path, string Target)>([(root, Path.GetFullPath(root))]);
        while (waiting.TryPop(out var folder))
        {
            if (!seen.Add(folder.Target))
                continue;
            foreach (var file in Directory.EnumerateFiles(folder.Path, "*", s_listing).Where(file => s_extensions.Contains(Path.GetExtension(file))))
                yield return file;
            foreach (var below in new DirectoryInfo(folder.Path).GetDirectories("*", s_listing).OrderByDescending(below => below.Name, StringComparer.Ordinal))
                waiting.Push((Path.Combine(folder.Path, below.Name), below.ResolveLinkTarget(true)?.FullName ?? Path.Combine(folder.Target, below.Name)));
        }
    }

    private static IEnumerable<ImageItem> Pictures(string folder, int label, DatasetOptions options)
    {
        var largest = options.LargestPicture * 1_000_000L;
        return Files(folder).Order(StringComparer.Ordinal).Select(file => new ImageItem(file, label, rows => Load(file, largest, rows)));
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
