namespace Kd.Vision.Checkpoints;

/// <summary>The tensors of a weights file, in file order, and its metadata.</summary>
/// <param name="Path">The file that it was read from.</param>
/// <param name="Tensors">Name to tensor, in file order.</param>
/// <param name="Metadata">Free text of the file (safetensors only).</param>
public sealed record Checkpoint(string Path, IReadOnlyDictionary<string, TensorData> Tensors, IReadOnlyDictionary<string, string> Metadata)
{
    /// <summary>Metadata key under which this project stores class names, one per line.</summary>
    public const string ClassesKey = "classes";

    private static readonly string[] s_wrappers = ["state_dict", "model_state_dict"];

    /// <summary>
    /// Reads safetensors, or a PyTorch file in the zip or the older pickle format; the format is detected from the content, not from the name.
    /// </summary>
    /// <remarks>No code from the file is executed: types outside an allow-list are refused by name.</remarks>
    /// <exception cref="CheckpointException">The file is missing, damaged, in another format, or has no tensors.</exception>
    public static Checkpoint Read(string path)
    {
        try
        {
            var start = ReadStart(path);
            if (PyTorchFile.LooksLikeZip(start))
                return Unwrap(path, PyTorchFile.ReadZip(path));
            if (PyTorchFile.LooksLikePickle(start))
                return Unwrap(path, PyTorchFile.ReadLegacy(path));
            return SafetensorsFile.Read(path);
        }
        catch (Exception error)
            when (error
                    is InvalidDataException
                        or EndOfStreamException
                        or OverflowException
                        or KeyNotFoundException
                        or InvalidCastException
                        or ArgumentException
                        or InvalidOperationException
                        or NotSupportedException
            )
        {
            throw new CheckpointException(path, $"it is damaged, truncated or not a weights file ({error.Message})", error);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CheckpointException(path, "there is no such file. Expected safetensors or a PyTorch state dict (.pth, .pt, .th).");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(path, $"it cannot be read ({error.Message})", error);
        }
    }

    /// <summary>The class names from the metadata, or null if the file has none.</summary>
    public IReadOnlyList<string>? ClassNames => Metadata.TryGetValue(ClassesKey, out var text) ? text.Split('\n') : null;

    private static byte[] ReadStart(string path)
    {
        using var file = File.OpenRead(path);
        var start = new byte[16];
        return start[..file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)];
    }

    private static Checkpoint Unwrap(string path, object? root)
    {
        var state = root as PickledDictionary ?? throw new InvalidDataException($"its root is {Describe(root)}, expected a dict of tensors");
        foreach (var wrapper in s_wrappers)
        {
            if (state.TryGet(wrapper) is PickledDictionary inner)
            {
                state = inner;
                break;
            }
        }

        var tensors = new Dictionary<string, TensorData>();
        foreach (var (key, value) in state.Entries)
        {
            if (value is TensorData tensor)
                tensors.Add(key as string ?? throw new InvalidDataException($"a tensor has the key {Describe(key)}, expected a name"), tensor);
        }

        if (tensors.Count == 0)
            throw new InvalidDataException(
                "it has no tensors under 'state_dict', 'model_state_dict' or at its root; its keys are: "
                    + string.Join(", ", state.Entries.Take(10).Select(entry => entry.Key))
            );
        return new Checkpoint(path, WithoutModulePrefix(tensors), new Dictionary<string, string>());
    }

    // torch.nn.DataParallel puts "module." in front of every name.
    private static Dictionary<string, TensorData> WithoutModulePrefix(Dictionary<string, TensorData> tensors)
    {
        const string prefix = "module.";
        return tensors.Keys.All(name => name.StartsWith(prefix, StringComparison.Ordinal))
            ? tensors.ToDictionary(entry => entry.Key[prefix.Length..], entry => entry.Value)
            : tensors;
    }

    private static string Describe(object? value) => value is null ? "None" : $"a {value.GetType().Name}";
}
