using System.Diagnostics;
using Kd.Vision.Models;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Kd.Benchmarks;

/// <summary>Benchmarks of the inference form of ResNet-50 at 224 px, batch 16, float32 (smoke: 32 px, batch 1).</summary>
internal static class FormBenchmarks
{
    /// <summary>Measures the time of the plain module relative to the inference form.</summary>
    public static async Task<Ratio> FormAsync(BenchmarkSize size)
    {
        using var plain = Create(inferenceForm: false);
        using var form = Create(inferenceForm: true);
        var (batch, side) = Shape(size);
        using var images = rand(batch, 3, side, side);
        using var last = ChannelsLast.Apply(images);
        var (rounds, passes) = size.Choose((7, 2), (3, 1), (1, 1));
        Time(plain, images, 1);
        Time(form, last, 1);
        var (before, after) = await Alternating.MeasureAsync(
            rounds,
            () => Task.FromResult(Time(plain, images, passes)),
            () => Task.FromResult(Time(form, last, passes))
        );
        return new Ratio("form", before / after, 1.3, $"plain {before:F3} s, inference form {after:F3} s a pass");
    }

    /// <summary>Measures the time of torchvision in PyTorch relative to the inference form; null if python3-torch is not installed.</summary>
    public static async Task<Ratio?> PeerAsync(BenchmarkSize size)
    {
        var (batch, side) = Shape(size);
        var (rounds, passes) = size.Choose((7, 2), (3, 1), (1, 1));
        using var peer = await PyTorchPeer.StartAsync("teacher_form.py", batch, side, passes);
        if (peer is null)
            return null;
        using var form = Create(inferenceForm: true);
        using var images = ChannelsLast.Apply(rand(batch, 3, side, side));
        Time(form, images, 1);
        var (theirs, ours) = await Alternating.MeasureAsync(rounds, peer.MeasureAsync, () => Task.FromResult(Time(form, images, passes)));
        return new Ratio("form-peer", theirs / ours, 1.5, $"torchvision {theirs:F3} s, inference form {ours:F3} s a pass");
    }

    private static (int Batch, int Side) Shape(BenchmarkSize size) => size.Choose((16, 224), (16, 224), (1, 32));

    private static Module<Tensor, Tensor> Create(bool inferenceForm)
    {
        var network = ModelCatalog.Create("resnet50", 1000, seed: 1);
        network.eval();
        if (inferenceForm)
            InferenceForm.Apply(network, ScalarType.Float32);
        return network;
    }

    private static double Time(Module<Tensor, Tensor> network, Tensor images, int passes)
    {
        using var _ = no_grad();
        var started = Stopwatch.GetTimestamp();
        for (var pass = 0; pass < passes; pass++)
            network.call(images).Dispose();
        return Stopwatch.GetElapsedTime(started).TotalSeconds / passes;
    }
}
