using static TorchSharp.torch;

namespace Kd.Vision.Checkpoints;

/// <summary>A flat block of elements that holds tensors of a PyTorch file.</summary>
internal sealed class Storage(string key, ScalarType type, int elementSize, long count)
{
    public string Key => key;
    public ScalarType Type => type;
    public int ElementSize => elementSize;
    public long Count => count;
    public ReadOnlyMemory<byte> Bytes { get; set; }
}

/// <summary>The storages that a pickle names by persistent ids: ('storage', type, key, location, element count[, view]).</summary>
internal sealed class StorageTable(Func<string, byte[]>? read = null)
{
    private readonly Dictionary<string, Storage> _storages = [];

    public Storage Get(string key) =>
        _storages.TryGetValue(key, out var storage) ? storage : throw new InvalidDataException($"storage {key} is not used by any tensor");

    public object Resolve(object? id)
    {
        if (
            id is not object?[] { Length: >= 5 } parts
            || parts[0] is not "storage"
            || parts[1] is not StorageType type
            || parts[2] is not string key
            || parts[4] is not long count
            || count < 0
        )
            throw new InvalidDataException("a persistent id does not name a storage");
        if (parts.Length > 5 && parts[5] is not null)
            throw new InvalidDataException($"storage {key} is a view of another one (written by PyTorch 0.1); load and save it once with a newer PyTorch");
        if (_storages.TryGetValue(key, out var known))
            return known;
        var storage = new Storage(key, type.Type, type.ElementSize, count);
        if (read is not null)
        {
            storage.Bytes = read(key);
            if (storage.Bytes.Length < checked(count * type.ElementSize))
                throw new InvalidDataException($"storage {key} should hold {count} elements of {type.ElementSize} bytes, but has {storage.Bytes.Length} bytes");
        }

        _storages.Add(key, storage);
        return storage;
    }
}

/// <summary>An element type under its pickled name, such as <c>torch.FloatStorage</c>.</summary>
internal sealed record StorageType(string Name, ScalarType Type, int ElementSize);
