using System.ComponentModel.DataAnnotations;

namespace Kd.Settings;

/// <summary>Options of the teacher's labels in parquet files: the section <c>Labels</c>.</summary>
public sealed class LabelOptions
{
    public const string Section = "Labels";

    [Setting(
        "Folder of label shards that runs learn from instead of a teacher: no teacher and no cache is started or called. Empty: from the teacher.",
        IsPath = true,
        MayChange = true,
        IsShared = true
    )]
    public string? Path { get; set; }

    [Setting(
        "Folder in which label writes the labels as parquet files instead of into the cache, and to which export-labels copies those of the cache.",
        IsPath = true,
        MayChange = true,
        IsShared = true
    )]
    public string? Write { get; set; }

    [Setting(
        "Number of the most likely classes whose logits Labels:Write keeps; the probability of the others is spread evenly over them. 0: all.",
        MayChange = true,
        IsShared = true
    )]
    [Range(0, 32_767)]
    public int Top { get; set; }

    [Setting(
        "Views in one file of Labels:Write, held in memory until it is written (2 bytes for each logit); a killed worker labels those of its last file again.",
        MayChange = true,
        IsShared = true
    )]
    [Range(1, 10_000_000)]
    public int FileViews { get; set; } = 65_536;
}
