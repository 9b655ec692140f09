using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Kd.Vision.Models;

/// <summary>The form of a network that only answers: batch norm folded into the convolutions, channels-last strides, a chosen precision.</summary>
public static class InferenceForm
{
    /// <summary>Gives a network this form, in place and for good: it cannot be trained or saved any more.</summary>
    /// <param name="network">A network whose modules register a batch norm directly behind the convolution that feeds it, as those of <see cref="ModelCatalog"/> do.</param>
    /// <param name="precision">Float32, BFloat16 or Float16; its inputs must have it too.</param>
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
        Conv2d? before = null;
        foreach (var (_, child) in module.named_children())
        {
            if (child is BatchNorm norm && before is not null)
                norm.FoldInto(before);
            before = child as Conv2d;
            Fold(child);
        }
    }
}
