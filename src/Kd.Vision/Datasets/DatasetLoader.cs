using System.Collections.Concurrent;
using Kd.Settings;
using Kd.Vision.Imaging;
using Kd.Vision.Views;

namespace Kd.Vision.Datasets;

/// <summary>Opens a dataset of any supported layout.</summary>
public static class DatasetLoader
{
    private const int Shown = 5;
    private const int DefaultSize = 224;

    /// <summary>Opens the dataset that the options name, draws the subset, and decodes every picture once if the options ask for a check.</summary>
    /// <exception cref="DatasetException">The dataset is missing, empty or inconsistent, or has corrupt pictures that must not be skipped.</exception>
    public static ImageDataset Load(DatasetOptions options, CancellationToken cancellation = default)
    {
        var dataset = Open(options);
        if (options.Subset > 0)
            dataset = TakeSubset(dataset, options);
        if (options.Unlabeled is { Length: > 0 } && options.Path != DatasetOptions.None)
            dataset = UnlabeledPictures.Join(dataset, options);
        // Generated pictures cannot be corrupt.
        if (options.Check && options.Path != DatasetOptions.Demo)
            dataset = Check(dataset, options, cancellation);
        foreach (var split in dataset.Splits)
        {
            if (split.Count == 0)
                throw new DatasetException($"The {split.Name} split of '{options.Path}' has no pictures.");
        }

        if (dataset.IsLabeledByTeacher)
            return dataset;

        var empty = Enumerable.Range(0, dataset.ClassNames.Count).Except(dataset.Train.Labels).Select(label => dataset.ClassNames[label]).ToList();
        return empty.Count == 0
            ? dataset with
            {
                LabeledPart = UnlabeledPictures.Separate(dataset),
            }
            : throw new DatasetException(
                $"{empty.Count} classes of '{options.Path}' have no training picture: {string.Join(", ", empty.Take(Shown))}. "
                    + $"Add some, remove the class, or raise Dataset:Subset ({options.Subset})."
            );
    }

    /// <summary>Reads only the class names, in the order of the class indices; none if the pictures have no labels.</summary>
    /// <exception cref="DatasetException">The dataset is missing or of no known layout.</exception>
    public static IReadOnlyList<string> ReadClassNames(string path)
    {
        if (path == DatasetOptions.Demo)
            return DemoShapes.Names;
        if (path == DatasetOptions.None)
            return [];
        RequireFolder(path);
        return Guard(path, () => ParquetDataset.FindFiles(path).Count > 0 ? ParquetDataset.ReadClassNames(path) : FolderDataset.ReadClassNames(path));
    }

    /// <summary>Opens the pictures of a folder in any structure, or of its parquet files, without labels and check; none is kept after its use.</summary>
    /// <exception cref="DatasetException">There is no such folder, or no picture in it.</exception>
    public static ImageSplit OpenPictures(string path, DatasetOptions options) =>
        new("pictures", UnlabeledPictures.Find("Run:Pictures", path, options), new DecodedPictures(0, null, 0));

    /// <summary>Creates the view planner that fits a dataset: small square pictures keep their size, all others are resized.</summary>
    /// <param name="dataset">The dataset.</param>
    /// <param name="size">Width and height of a view, px; 0 means the pictures' own size if they are small, else 224.</param>
    /// <param name="seed">Augmentation seed.</param>
    public static ViewPlanner PlanViews(ImageDataset dataset, int size, long seed)
    {
        var first = dataset.Train.Get(0).Image;
        var small = first.Width == first.Height && first.Width <= ViewPlanner.LargestSmallSide && (size == 0 || size == first.Width);
        if (small)
            return new ViewPlanner(first.Width, small, seed);
        return new ViewPlanner(size == 0 ? DefaultSize : size, small, seed);
    }

    private static ImageDataset Open(DatasetOptions options)
    {
        var decoded = DecodedPictures.For(options);
        if (options.Path == DatasetOptions.Demo)
            return DemoDataset.Create(options, decoded);
        if (options.Path == DatasetOptions.None)
            return UnlabeledPictures.Open(options, decoded);
        RequireFolder(options.Path);
        return Guard(
            options.Path,
            () => ParquetDataset.FindFiles(options.Path).Count > 0 ? ParquetDataset.Open(options, decoded) : FolderDataset.Open(options, decoded)
        );
    }

    /// <summary>Checks class names; those of parquet files may be any texts.</summary>
    /// <exception cref="DatasetException">There are too few, or one is empty, or there twice, or has control characters.</exception>
    internal static IReadOnlyList<string> CheckNames(string path, IReadOnlyList<string> names)
    {
        if (names.Count < 2)
            throw new DatasetException($"'{Path.GetFullPath(path)}' has {names.Count} classes, expected at least 2.");
        var wrong = names.FirstOrDefault(name => string.IsNullOrWhiteSpace(name) || name.Any(char.IsControl));
        if (wrong is not null)
            throw new DatasetException($"'{Path.GetFullPath(path)}' has the class name '{wrong}'. A name must not be empty or have control characters.");
        var twice = names.GroupBy(name => name).FirstOrDefault(group => group.Count() > 1)?.Key;
        return twice is null ? names : throw new DatasetException($"'{Path.GetFullPath(path)}' has two classes with the name '{twice}'.");
    }

    // A folder that this user may not list, or whose name in another encoding leads nowhere.
    internal static T Guard<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new DatasetException($"The dataset in '{Path.GetFullPath(path)}' cannot be read: {error.Message}", error);
        }
    }

    private static void RequireFolder(string path)
    {
        if (!Directory.Exists(path))
            throw new DatasetException(
                $"Dataset:Path '{path}' is not a folder (looked at {Path.GetFullPath(path)}). "
                    + $"Expected a folder with CLASS/*.jpg or train/CLASS/*.jpg, a folder of parquet files, '{DatasetOptions.Demo}' or '{DatasetOptions.None}'."
            );
    }

    private static ImageDataset TakeSubset(ImageDataset dataset, DatasetOptions options)
    {
        if (options.Subset >= dataset.Train.Count)
            return dataset;
        var chosen = DatasetSplitter.TakeEvenly(dataset.Train.Items, options.Subset, options.SplitSeed);
        return dataset with
        {
            Train = dataset.Train.With(chosen),
            Description = $"{dataset.Description}; {options.Subset} training images drawn with seed {options.SplitSeed}",
        };
    }

    private static ImageDataset Check(ImageDataset dataset, DatasetOptions options, CancellationToken cancellation)
    {
        var train = CheckSplit(dataset.Train, options, cancellation);
        var validation = CheckSplit(dataset.Validation, options, cancellation);
        var test = CheckSplit(dataset.Test, options, cancellation);
        return dataset with { Train = train, Validation = validation, Test = test };
    }

    private static ImageSplit CheckSplit(ImageSplit split, DatasetOptions options, CancellationToken cancellation)
    {
        var corrupt = new ConcurrentDictionary<int, string>();
        DatasetException? unreadable = null;
        Parallel.For(
            0,
            split.Count,
            new ParallelOptions { CancellationToken = cancellation },
            (index, loop) =>
            {
                try
                {
                    split.Get(index);
                }
                catch (CorruptImageException error)
                {
                    corrupt[index] = error.Message;
                }
                catch (DatasetException error)
                {
                    unreadable = error;
                    loop.Stop();
                }
            }
        );
        if (unreadable is not null)
            throw unreadable;
        if (corrupt.IsEmpty)
            return split;
        if (options.Corrupt == CorruptImages.Error)
        {
            var messages = corrupt.OrderBy(entry => entry.Key).Take(Shown).Select(entry => entry.Value);
            throw new DatasetException(
                $"{corrupt.Count} of {split.Count} pictures of the {split.Name} split are corrupt. {string.Join(" ", messages)} "
                    + "Replace them, or leave them out with Dataset:Corrupt=Skip."
            );
        }

        return split.With(split.Items.Where((_, index) => !corrupt.ContainsKey(index)), corrupt.Count);
    }
}
