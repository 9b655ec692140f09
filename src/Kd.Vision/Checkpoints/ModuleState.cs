using static TorchSharp.torch;

namespace Kd.Vision.Checkpoints;

/// <summary>Saves and loads a module's parameters and buffers under PyTorch's names, in PyTorch's order.</summary>
public static class ModuleState
{
    private const int Shown = 8;

    // Files written before PyTorch 0.4.1 lack this counter; PyTorch accepts that, and no code here reads it.
    private const string Optional = "num_batches_tracked";

    /// <summary>Lists the entries of PyTorch's <c>state_dict</c>: a module's parameters, its buffers, then those of its children.</summary>
    public static IEnumerable<KeyValuePair<string, Tensor>> Entries(nn.Module module) => Entries(module, "");

    /// <summary>Copies the state of a module out of torch.</summary>
    public static Dictionary<string, TensorData> Save(nn.Module module) =>
        Entries(module).ToDictionary(entry => entry.Key, entry => TensorData.From(entry.Value));

    /// <summary>Loads a checkpoint strictly: names and shapes must match (only <c>num_batches_tracked</c> may be absent).</summary>
    /// <exception cref="CheckpointException">Entries are missing, surplus or of another shape; the message lists them.</exception>
    public static void Load(nn.Module module, Checkpoint checkpoint) => Load(module, Entries(module).ToList(), checkpoint);

    /// <summary>Loads all entries but those of one layer, as strictly as <see cref="Load(nn.Module, Checkpoint)"/>.</summary>
    /// <param name="module">The network.</param>
    /// <param name="checkpoint">The tensors.</param>
    /// <param name="layer">Name of the layer whose entries stay as they are.</param>
    /// <exception cref="CheckpointException">Entries are missing, surplus or of another shape; the message lists them.</exception>
    public static void LoadWithout(nn.Module module, Checkpoint checkpoint, string layer)
    {
        var prefix = layer + ".";
        var tensors = checkpoint.Tensors.Where(entry => !IsOfLayer(entry.Key)).ToDictionary();
        Load(module, Entries(module).Where(entry => !IsOfLayer(entry.Key)).ToList(), checkpoint with { Tensors = tensors });

        bool IsOfLayer(string name) => name.StartsWith(prefix, StringComparison.Ordinal);
    }

    private static void Load(nn.Module module, List<KeyValuePair<string, Tensor>> entries, Checkpoint checkpoint)
    {
        var problems = Compare(entries, checkpoint.Tensors);
        if (problems.Count > 0)
            throw new CheckpointException(checkpoint.Path, $"it does not fit the network {module.GetName()}. {string.Join(" ", problems)}");
        using var _ = no_grad();
        foreach (var (name, target) in entries.Where(entry => checkpoint.Tensors.ContainsKey(entry.Key)))
        {
            using var source = checkpoint.Tensors[name].ToTensor();
            target.copy_(source);
        }
    }

    private static List<string> Compare(List<KeyValuePair<string, Tensor>> entries, IReadOnlyDictionary<string, TensorData> tensors)
    {
        var problems = new List<string>();
        var names = entries.Select(entry => entry.Key).ToHashSet();
        Add(
            "Missing",
            entries
                .Where(entry => !tensors.ContainsKey(entry.Key) && !entry.Key.EndsWith(Optional, StringComparison.Ordinal))
                .Select(entry => $"{entry.Key} {TensorData.FormatShape(entry.Value.shape)}")
        );
        Add("Surplus", tensors.Where(entry => !names.Contains(entry.Key)).Select(entry => $"{entry.Key} {entry.Value.ShapeText}"));
        Add(
            "Misshapen",
            entries
                .Where(entry => tensors.TryGetValue(entry.Key, out var found) && !found.Shape.AsSpan().SequenceEqual(entry.Value.shape))
                .Select(entry => $"{entry.Key} is {tensors[entry.Key].ShapeText}, expected {TensorData.FormatShape(entry.Value.shape)}")
        );
        return problems;

        void Add(string kind, IEnumerable<string> found)
        {
            var all = found.ToList();
            if (all.Count > 0)
                problems.Add($"{kind} ({all.Count}): {string.Join(", ", all.Take(Shown))}{(all.Count > Shown ? ", ..." : "")}.");
        }
    }

    private static IEnumerable<KeyValuePair<string, Tensor>> Entries(nn.Module module, string prefix)
    {
        foreach (var (name, parameter) in module.named_parameters(recurse: false))
            yield return new(prefix + name, parameter);
        foreach (var (name, buffer) in module.named_buffers(recurse: false))
            yield return new(prefix + name, buffer);
        foreach (var (name, child) in module.named_children())
        {
            foreach (var entry in Entries(child, $"{prefix}{name}."))
                yield return entry;
        }
    }
}
