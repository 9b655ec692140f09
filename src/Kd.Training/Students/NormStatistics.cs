using Kd.Training.Batches;
using Kd.Vision.Models;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Kd.Training.Students;

/// <summary>Controls mode and running statistics of a network's batch normalization.</summary>
internal static class NormStatistics
{
    /// <summary>Sets the weight of a batch in the running statistics.</summary>
    public static void SetMomentum(Module network, double momentum) => Each(network, norm => norm.Momentum = momentum);

    /// <summary>Replaces the running statistics by their means over batches.</summary>
    /// <param name="network">The network.</param>
    /// <param name="batches">The batches.</param>
    /// <param name="toInput">Creates the input of a batch, [N, 3, H, W], in a dispose scope of the batch.</param>
    public static void Measure(Module<Tensor, Tensor> network, IEnumerable<ReadyBatch> batches, Func<ReadyBatch, Tensor> toInput)
    {
        var momentum = network.modules().OfType<BatchNorm>().Select(norm => norm.Momentum).FirstOrDefault();
        try
        {
            foreach (var (index, batch) in batches.Index())
            {
                using var scope = NewDisposeScope();
                using var _ = no_grad();
                SetMomentum(network, 1.0 / (index + 1));
                InMode(network, training: true, trained => trained.call(toInput(batch)));
            }
        }
        finally
        {
            SetMomentum(network, momentum);
        }
    }

    /// <summary>Works with a network in training mode and leaves its running statistics as they were.</summary>
    public static T Keep<T>(Module<Tensor, Tensor> network, Func<Module<Tensor, Tensor>, T> work)
    {
        Each(network, norm => norm.IsTracking = false);
        try
        {
            return InMode(network, training: true, work);
        }
        finally
        {
            Each(network, norm => norm.IsTracking = true);
        }
    }

    /// <summary>Works with a network in a mode, and restores the mode before.</summary>
    public static T InMode<T>(Module<Tensor, Tensor> network, bool training, Func<Module<Tensor, Tensor>, T> work)
    {
        var before = network.training;
        network.train(training);
        try
        {
            return work(network);
        }
        finally
        {
            network.train(before);
        }
    }

    private static void Each(Module network, Action<BatchNorm> change)
    {
        foreach (var norm in network.modules().OfType<BatchNorm>())
            change(norm);
    }
}
