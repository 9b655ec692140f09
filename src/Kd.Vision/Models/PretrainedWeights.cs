using Kd.Vision.Checkpoints;
using static TorchSharp.torch;

namespace Kd.Vision.Models;

/// <summary>Starts a network from the weights of one that was trained for the same or for other classes.</summary>
public static class PretrainedWeights
{
    /// <summary>Returns a classifier's last layer and its name.</summary>
    /// <param name="network">A network of the catalog.</param>
    public static (string Name, nn.Module Layer) LastLayer(nn.Module network) => network.named_modules().Last(entry => entry.module is Linear);

    /// <summary>Loads a checkpoint; a last layer for other classes is left out.</summary>
    /// <param name="network">A network of the catalog.</param>
    /// <param name="checkpoint">The weights, under torchvision's names.</param>
    /// <param name="classes">Names of the network's classes.</param>
    /// <returns>Why the last layer was left out; null if it was loaded, too.</returns>
    /// <exception cref="CheckpointException">Other entries than those of the last layer are missing, surplus or of another shape.</exception>
    public static string? Load(nn.Module network, Checkpoint checkpoint, IReadOnlyList<string> classes)
    {
        var (last, _) = LastLayer(network);
        if (FindDifference(checkpoint, last, classes) is { } difference)
        {
            ModuleState.LoadWithout(network, checkpoint, last);
            return $"the last layer, {last}, is new: {difference}";
        }

        ModuleState.Load(network, checkpoint);
        return null;
    }

    private static string? FindDifference(Checkpoint checkpoint, string last, IReadOnlyList<string> classes)
    {
        if (!checkpoint.Tensors.TryGetValue(last + ".weight", out var weight) || weight.Shape is not [var rows, _])
            return null;
        if (rows != classes.Count)
            return $"the file has {rows} classes, the dataset {classes.Count}";
        return checkpoint.ClassNames is { } names && !names.SequenceEqual(classes) ? "the file has other classes than the dataset" : null;
    }
}
