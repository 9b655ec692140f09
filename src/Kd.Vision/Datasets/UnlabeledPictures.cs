using Kd.Settings;

namespace Kd.Vision.Datasets;

/// <summary>Adds the pictures of <see cref="DatasetOptions.Unlabeled"/> to the training pictures of a dataset, or makes a dataset of them alone.</summary>
internal static class UnlabeledPictures
{
    /// <summary>Makes a dataset of the pictures alone, without classes, and draws its validation and test pictures.</summary>
    /// <exception cref="DatasetException">There are none.</exception>
    public static ImageDataset Open(DatasetOptions options, DecodedPictures decoded)
    {
        if (options.Unlabeled is not { Length: > 0 } folder)
            throw new DatasetException(
                $"Dataset:Path is '{DatasetOptions.None}', so the pictures must come from Dataset:Unlabeled, which is empty. Set it to a folder of pictures."
            );
        var items = Find("Dataset:Unlabeled", folder, options);
        return DatasetSplitter.Assemble($"pictures without labels at {folder}", options, [], items, null, null, decoded) with { IsLabeledByTeacher = true };
    }

    /// <summary>Appends the pictures to the training samples.</summary>
    /// <exception cref="DatasetException">There are none, or the folder is one of the dataset's own.</exception>
    public static ImageDataset Join(ImageDataset dataset, DatasetOptions options)
    {
        if (options.Path != DatasetOptions.Demo)
            RequireApart(Path.GetFullPath(options.Unlabeled!), options);
        var items = Find("Dataset:Unlabeled", options.Unlabeled!, options);
        return dataset with
        {
            Train = dataset.Train.With([.. dataset.Train.Items, .. items]),
            Description = $"{dataset.Description}; {items.Count} images without labels at {options.Unlabeled}",
        };
    }

    /// <summary>Finds the pictures of a folder in any structure, or of its parquet files.</summary>
    /// <param name="setting">The setting that names the folder.</param>
    /// <param name="folder">The folder.</param>
    /// <param name="options">The largest picture.</param>
    /// <exception cref="DatasetException">There is no such folder, or no picture in it.</exception>
    public static List<ImageItem> Find(string setting, string folder, DatasetOptions options)
    {
        var path = Path.GetFullPath(folder);
        if (!Directory.Exists(path))
            throw new DatasetException($"{setting} '{folder}' is not a folder (looked at {path}). Expected one with pictures or parquet files.");
        var items = DatasetLoader.Guard(
            path,
            () => ParquetDataset.FindFiles(path).Count > 0 ? ParquetDataset.ReadUnlabeled(path, options) : FolderDataset.ReadUnlabeled(path, options)
        );
        return items.Count > 0 ? items : throw new DatasetException($"{setting} '{folder}' has no pictures (jpg, png, webp, gif, bmp) and no parquet files.");
    }

    /// <summary>Returns the dataset with the labeled training samples only; null if all are.</summary>
    public static ImageDataset? Separate(ImageDataset dataset)
    {
        var labeled = dataset.Train.Labels.Count(label => label != ImageItem.Unlabeled);
        return labeled == dataset.Train.Count ? null : dataset with { Train = dataset.Train.First(labeled) };
    }

    // Pictures for validation and test would be trained on, or labeled ones counted twice.
    private static void RequireApart(string path, DatasetOptions options)
    {
        var dataset = Path.GetFullPath(options.Path);
        var isOwn =
            Contains(path, dataset)
            || FolderDataset.Splits.Any(split => Contains(Path.Combine(dataset, split), path))
            || (ParquetDataset.FindFiles(dataset).Count == 0 && Contains(FolderDataset.FindTraining(dataset), path))
            || ParquetDataset.FindFiles(path).Intersect(ParquetDataset.FindFiles(dataset)).Any();
        if (isOwn)
            throw new DatasetException(
                $"Dataset:Unlabeled '{options.Unlabeled}' has pictures of Dataset:Path '{options.Path}', whose labels and splits would count no more. "
                    + "Name a folder beside train/, val/ and test/ (outside of the dataset, if it has none), or other parquet files."
            );
    }

    private static bool Contains(string folder, string path) =>
        (path + Path.DirectorySeparatorChar).StartsWith(folder.TrimEnd(Path.DirectorySeparatorChar) + Path.DirectorySeparatorChar, StringComparison.Ordinal);
}
