namespace Kd.TeacherService.Cache;

/// <summary>The result of a look-up.</summary>
/// <param name="Missing">Indexes of the views that were not found, ascending.</param>
/// <param name="Logits">Float16, little-endian, row-major: C logits of each view that was found, in the order of the request.</param>
internal sealed record CachedLogits(IReadOnlyList<int> Missing, ReadOnlyMemory<byte> Logits)
{
    /// <summary>Creates a result in which all views are missing.</summary>
    public static CachedLogits Nothing(int views) => new([.. Enumerable.Range(0, views)], default);
}
