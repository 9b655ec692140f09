using System.Globalization;

namespace Kd.Vision.Checkpoints;

/// <summary>A Python dict or OrderedDict, in insertion order.</summary>
internal sealed class PickledDictionary
{
    private readonly List<KeyValuePair<object, object?>> _entries = [];
    private readonly Dictionary<string, int> _positions = [];

    public IReadOnlyList<KeyValuePair<object, object?>> Entries => _entries;

    public void Set(object? key, object? value)
    {
        // Keys of state dicts are text and numbers; no other kind needs to be hashed by value.
        if (key is not (string or long or bool or double))
            throw new InvalidDataException($"a dict has a key of the type {key?.GetType().Name ?? "None"}, expected text or a number");
        if (_positions.TryGetValue(Text(key), out var position))
        {
            _entries[position] = new(key, value);
            return;
        }

        _positions.Add(Text(key), _entries.Count);
        _entries.Add(new(key, value));
    }

    public object? TryGet(object key) => _positions.TryGetValue(Text(key), out var position) ? _entries[position].Value : null;

    public void Replace(Func<object?, object?> map)
    {
        for (var i = 0; i < _entries.Count; i++)
            _entries[i] = new(_entries[i].Key, map(_entries[i].Value));
    }

    // A file could choose numbers of one hash, so that each look-up compares with all of them; the hashes of texts are random.
    private static string Text(object key) => key is string text ? "text " + text : string.Create(CultureInfo.InvariantCulture, $"{key.GetType().Name} {key}");
}
