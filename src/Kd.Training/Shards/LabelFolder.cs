using Kd.Training.Diagnostics;

namespace Kd.Training.Shards;

/// <summary>Finds the label shards of a folder.</summary>
internal static class LabelFolder
{
    /// <summary>Name of a file: <c>labels-SHARD-of-SHARDS-PART.parquet</c>.</summary>
    public static string NameOf(int shard, int shards, int part) => FormattableString.Invariant($"{PrefixOf(shard, shards)}{part:D5}.parquet");

    /// <summary>How the names of all files of one shard begin.</summary>
    public static string PrefixOf(int shard, int shards) => FormattableString.Invariant($"labels-{shard:D5}-of-{shards:D5}-");

    /// <summary>Lists the files in the order of their names.</summary>
    /// <exception cref="TrainingException">The folder is absent, or has none.</exception>
    public static IReadOnlyList<string> RequireFiles(string folder)
    {
        const string advice = "Name the folder that Labels:Write named for Run:Task=label or export-labels, or leave Labels:Path empty to use a teacher.";
        if (!Directory.Exists(folder))
            throw new TrainingException($"Labels:Path is '{folder}', but there is no such folder. {advice}");
        var files = Directory.GetFiles(folder, "*.parquet").Order(StringComparer.Ordinal).ToList();
        return files.Count > 0 ? files : throw new TrainingException($"Labels:Path is '{folder}', but no parquet file is in that folder. {advice}");
    }
}
