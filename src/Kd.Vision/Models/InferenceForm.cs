using TorchSharp;
using static TorchSharp.torch;

namespace Kd.Vision.Models;

/// <summary>Prepares a network for inference only: folds batch norm into the convolutions and sets channels-last strides and a precision.</summary>
public static class InferenceForm
{
    /// <summary>Converts a network in place. This cannot be undone: the network can no longer be trained or saved.</summary>
    /// <param name="network">A network that registers each batch norm directly after its convolution, as those of <see cref="ModelCatalog"/> do.</param>
    /// <param name="precision">Float32, BFloat16 or Float16; the inputs must have it too.</param>
    public static void Apply(nn.Module network, ScalarType precision)
    {
        network.eval();
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        Fold(network);
        if (precision != ScalarType.Float32)
            network.to(precision);
        ChannelsLast.Apply(network);
    }

    private static void Fold(nn.Module module)
    {
        Convolution? before = null;
        foreach (var (_, child) in module.named_children())
        {
            if (child is BatchNorm norm && before is not null)
                norm.FoldInto(before);
            before = child as Convolution;
            Fold(child);
        }
    }
}
