using System.ComponentModel.DataAnnotations;

namespace Kd.Settings;

/// <summary>Options of the pictures: the section <c>Dataset</c>.</summary>
public sealed class DatasetOptions
{
    public const string Section = "Dataset";

    /// <summary>Value of <see cref="Path"/> for the generated demo dataset.</summary>
    public const string Demo = "demo";

    /// <summary>Value of <see cref="Path"/> where no picture has a label.</summary>
    public const string None = "none";

    [Setting(
        "A folder with a folder per class, or with such below train/, val/, test/; a folder of Hugging Face parquet files; demo, a generated dataset; or none: "
            + "only the pictures of Dataset:Unlabeled.",
        IsPath = true,
        IsShared = true
    )]
    [Required]
    public string Path { get; set; } = Demo;

    [Setting(
        "Pictures without labels that kd and kd-curriculum train on besides those of Dataset:Path: a folder with pictures in any structure, "
            + "or of parquet files. Empty: no such pictures.",
        IsPath = true,
        IsShared = true
    )]
    public string? Unlabeled { get; set; }

    [Setting("Number of training images to use, drawn evenly over the classes; 0: all.")]
    [Range(0, int.MaxValue)]
    public int Subset { get; set; }

    [Setting("Share of the training images that becomes validation or test images if the dataset has no such split.")]
    [Range(0.01, 0.5)]
    public double SplitFraction { get; set; } = 0.1;

    [Setting("Seed of the splits made here and of the subset.")]
    public long SplitSeed { get; set; } = 1;

    [Setting("Whether to decode every picture before training.")]
    public bool Check { get; set; } = true;

    [Setting("Error: a corrupt picture stops the start; Skip: it is skipped and counted.")]
    [EnumDataType(typeof(CorruptImages))]
    public CorruptImages Corrupt { get; set; } = CorruptImages.Error;

    [Setting("Largest picture, million pixels; a larger one counts as corrupt, since decoding a bomb would fill the memory.")]
    [Range(1, 500)]
    public int LargestPicture { get; set; } = 100;

    [Setting("Memory for decoded pictures, MiB.", MayChange = true, IsShared = true)]
    [Range(0, 1 << 20)]
    public int DecodedMemory { get; set; } = 1024;

    [Setting(
        "Folder of memory-mapped files with the decoded pictures that do not fit in memory; they are removed when the process ends. "
            + "Empty: these pictures are decoded each time. The AppHost sets it to decoded in Run:Folder.",
        IsPath = true,
        MayChange = true,
        IsShared = true
    )]
    public string? DecodedFolder { get; set; }

    [Setting("Disk space for decoded pictures, MiB; at most half of the free space is used.", MayChange = true, IsShared = true)]
    [Range(0, 1 << 30)]
    public int DecodedDisk { get; set; } = 32_768;

    [Setting("Seed of the demo dataset.")]
    public long DemoSeed { get; set; } = 1;

    [Setting("Training images per class of the demo dataset.")]
    [Range(1, 100_000)]
    public int DemoTrainPerClass { get; set; } = 100;

    [Setting("Validation images per class of the demo dataset; it has twice as many test images.")]
    [Range(1, 100_000)]
    public int DemoValidationPerClass { get; set; } = 25;

    /// <summary>Copies the options with seeds that are larger by an offset: other splits, another subset, another demo dataset.</summary>
    public DatasetOptions WithOffset(long offset)
    {
        var copy = (DatasetOptions)MemberwiseClone();
        (copy.SplitSeed, copy.DemoSeed) = (SplitSeed + offset, DemoSeed + offset);
        return copy;
    }
}

/// <summary>Handling of corrupt pictures.</summary>
public enum CorruptImages
{
    /// <summary>Stop with an error that names it.</summary>
    Error,

    /// <summary>Skip it and count it.</summary>
    Skip,
}
