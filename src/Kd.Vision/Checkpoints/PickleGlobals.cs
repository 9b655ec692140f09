using static TorchSharp.torch;

namespace Kd.Vision.Checkpoints;

/// <summary>The allow-list of Python names that a weights file may use, and their replacements here.</summary>
internal static class PickleGlobals
{
    private static readonly Dictionary<string, object> s_known = Known();

    /// <summary>Finds the replacement of a Python name.</summary>
    /// <exception cref="InvalidDataException">The name is not on the list.</exception>
    public static object Find(string name) =>
        s_known.TryGetValue(name, out var value)
            ? value
            : throw new InvalidDataException(
                $"it refers to '{name}', which a state dict does not need; this is refused because it could run code. "
                    + "Save the state dict alone: torch.save(model.state_dict(), path)"
            );

    /// <summary>Calls an allowed function.</summary>
    public static object? Call(object? callable, object?[] arguments) =>
        callable is Function function
            ? function.Apply(arguments)
            : throw new InvalidDataException("it calls something that is not a function on the allow-list");

    private sealed record Function(Func<object?[], object?> Apply);

    private static Dictionary<string, object> Known()
    {
        var known = new Dictionary<string, object>
        {
            ["collections.OrderedDict"] = new Function(MakeDictionary),
            ["torch._utils._rebuild_tensor"] = new Function(RebuildTensor),
            ["torch._utils._rebuild_tensor_v2"] = new Function(RebuildTensor),
            ["torch._utils._rebuild_parameter"] = new Function(arguments => arguments is [PickledTensor tensor, ..] ? tensor : throw Bad("_rebuild_parameter")),
            ["torch.Size"] = new Function(arguments => arguments is [object?[] sizes] ? sizes : throw Bad("torch.Size")),
        };
        (string Name, ScalarType Type, int Size)[] storages =
        [
            ("Double", ScalarType.Float64, 8),
            ("Float", ScalarType.Float32, 4),
            ("Half", ScalarType.Float16, 2),
            ("BFloat16", ScalarType.BFloat16, 2),
            ("Long", ScalarType.Int64, 8),
            ("Int", ScalarType.Int32, 4),
            ("Short", ScalarType.Int16, 2),
            ("Char", ScalarType.Int8, 1),
            ("Byte", ScalarType.Byte, 1),
            ("Bool", ScalarType.Bool, 1),
        ];
        foreach (var (name, type, size) in storages)
            known.Add($"torch.{name}Storage", new StorageType(name, type, size));
        return known;
    }

    private static PickledDictionary MakeDictionary(object?[] arguments)
    {
        var dictionary = new PickledDictionary();
        if (arguments is [List<object?> pairs])
        {
            foreach (var pair in pairs)
            {
                // OrderedDict([(k, v), ...]) pickles its pairs as lists in Python 2.
                switch (pair)
                {
                    case object?[] { Length: 2 } tuple:
                        dictionary.Set(tuple[0], tuple[1]);
                        break;
                    case List<object?> { Count: 2 } list:
                        dictionary.Set(list[0], list[1]);
                        break;
                    default:
                        throw Bad("OrderedDict");
                }
            }
        }
        else if (arguments.Length != 0)
        {
            throw Bad("OrderedDict");
        }

        return dictionary;
    }

    // _rebuild_tensor(_v2): storage, offset, size, stride[, requires_grad, backward_hooks].
    private static PickledTensor RebuildTensor(object?[] arguments) =>
        arguments is [Storage storage, long offset, object?[] shape, object?[] strides, ..]
            ? new PickledTensor(storage, offset, Numbers(shape), Numbers(strides))
            : throw Bad("_rebuild_tensor_v2");

    private static long[] Numbers(object?[] values) => Array.ConvertAll(values, value => value is long number ? number : throw Bad("a shape"));

    private static InvalidDataException Bad(string what) => new($"its arguments of {what} are not what PyTorch writes");
}
