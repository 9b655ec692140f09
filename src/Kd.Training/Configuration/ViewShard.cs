using System.Globalization;
using Kd.Vision.Views;

namespace Kd.Training.Configuration;

/// <summary>A part of all views: those whose id modulo the number of parts is its index. It does not depend on the order of the dataset.</summary>
/// <param name="Index">Index of the part, from 0.</param>
/// <param name="Count">Number of parts.</param>
internal sealed record ViewShard(int Index, int Count)
{
    /// <summary>Reads the checked setting Run:Shard.</summary>
    public static ViewShard Parse(string text) => TryParse(text) ?? throw new FormatException($"Run:Shard is '{text}'.");

    /// <summary>Reads a shard such as 3/16; null if the index is not below the number of shards.</summary>
    public static ViewShard? TryParse(string text) =>
        text.Split('/') is [var first, var second]
        && int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out var index)
        && int.TryParse(second, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
        && index < count
            ? new(index, count)
            : null;

    /// <summary>Whether a view belongs to this part.</summary>
    public bool Contains(ViewId view) => view.Value % (uint)Count == (uint)Index;

    /// <summary>Returns the setting's form, such as 3/16.</summary>
    public override string ToString() => FormattableString.Invariant($"{Index}/{Count}");
}
