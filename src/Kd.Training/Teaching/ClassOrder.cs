namespace Kd.Training.Teaching;

/// <summary>Maps the classes of a teacher by name to the order of the dataset.</summary>
internal sealed class ClassOrder
{
    private readonly int[]? _sources;

    private ClassOrder(int[]? sources) => _sources = sources;

    /// <summary>The order of a teacher whose classes are in the dataset's order.</summary>
    public static ClassOrder Same { get; } = new(null);

    /// <summary>Finds the order of a teacher's classes.</summary>
    /// <param name="served">Names of the teacher's classes.</param>
    /// <param name="wanted">Names of the dataset's classes.</param>
    /// <returns>The order; null unless both have the same names, each of them once.</returns>
    public static ClassOrder? Find(IReadOnlyList<string> served, IReadOnlyList<string> wanted)
    {
        if (served.SequenceEqual(wanted))
            return Same;
        var places = new Dictionary<string, int>();
        if (served.Count != wanted.Count || !served.Index().All(entry => places.TryAdd(entry.Item, entry.Index)) || !wanted.All(places.ContainsKey))
            return null;
        int[] sources = [.. wanted.Select(name => places[name])];
        return sources.Distinct().Count() == sources.Length ? new ClassOrder(sources) : null;
    }

    /// <summary>Reorders the logits of each row from the teacher's classes to the dataset's.</summary>
    /// <param name="rows">Logits of each view, C of them.</param>
    public float[][] Apply(float[][] rows) => _sources is null ? rows : Array.ConvertAll(rows, row => Array.ConvertAll(_sources, source => row[source]));
}
