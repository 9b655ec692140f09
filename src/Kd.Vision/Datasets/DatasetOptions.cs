using System.ComponentModel.DataAnnotations;

namespace Kd.Vision.Datasets;

/// <summary>What to read pictures from: the section <c>Dataset</c>.</summary>
public sealed class DatasetOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "Dataset";

    /// <summary>Value of <see cref="Path"/> that stands for the generated demo dataset.</summary>
    public const string Demo = "demo";

    /// <summary>A folder with one folder a class below train/, val/, test/; a folder of Hugging Face parquet files; or <c>demo</c>. Default demo.</summary>
    [Required]
    public string Path { get; set; } = Demo;

    /// <summary>Training images to use, drawn evenly over the classes with <see cref="SplitSeed"/>; 0 (default) uses all.</summary>
    [Range(0, int.MaxValue)]
    public int Subset { get; set; }

    /// <summary>Share of the training images that becomes validation or test where the dataset lacks that split. Default 0.1; allowed 0.01 to 0.5.</summary>
    [Range(0.01, 0.5)]
    public double SplitFraction { get; set; } = 0.1;

    /// <summary>Seed of the splits made here and of the subset. Default 1.</summary>
    public long SplitSeed { get; set; } = 1;

    /// <summary>Decode every picture before anything else starts. Default true.</summary>
    public bool Check { get; set; } = true;

    /// <summary>What a corrupt picture does: <see cref="CorruptImages.Error"/> (default) or <see cref="CorruptImages.Skip"/>.</summary>
    [EnumDataType(typeof(CorruptImages))]
    public CorruptImages Corrupt { get; set; } = CorruptImages.Error;

    /// <summary>Memory for decoded pictures, MiB. Default 1024.</summary>
    [Range(0, 1 << 20)]
    public int DecodedMemory { get; set; } = 1024;

    /// <summary>Folder for decoded pictures that do not fit in memory, in memory-mapped files that live as long as the process; empty (default): those are decoded each time.</summary>
    public string? DecodedFolder { get; set; }

    /// <summary>Disk for them, MiB. Default 32768; half of what is free is never used.</summary>
    [Range(0, 1 << 30)]
    public int DecodedDisk { get; set; } = 32_768;

    /// <summary>Seed of the demo dataset. Default 1.</summary>
    public long DemoSeed { get; set; } = 1;

    /// <summary>Training images per class of the demo dataset. Default 100.</summary>
    [Range(1, 100_000)]
    public int DemoTrainPerClass { get; set; } = 100;

    /// <summary>Validation images per class of the demo dataset; it has twice as many test images. Default 25.</summary>
    [Range(1, 100_000)]
    public int DemoValidationPerClass { get; set; } = 25;
}

/// <summary>What a corrupt picture does.</summary>
public enum CorruptImages
{
    /// <summary>Stops with an error that names it.</summary>
    Error,

    /// <summary>Is left out and counted.</summary>
    Skip,
}
