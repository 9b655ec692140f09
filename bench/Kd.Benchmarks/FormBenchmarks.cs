using System.Diagnostics;
using Kd.Vision.Models;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Kd.Benchmarks;

/// <summary>The inference form of ResNet-50 at 224 px, batch 16, float32.</summary>
internal static class FormBenchmarks
{
    private const int Batch = 16;
    private const int Size = 224;

    /// <summary>Plain module over inference form.</summary>
    public static async Task<Ratio> FormAsync(bool quick)
    {
        using var plain = Create(inferenceForm: false);
        using var form = Create(inferenceForm: true);
        using var images = rand(Batch, 3, Size, Size);
        using var last = ChannelsLast.Apply(images);
        var (rounds, passes) = quick ? (3, 1) : (7, 2);
        Time(plain, images, 1);
        Time(form, last, 1);
        var (before, after) = await Turns.MeasureAsync(rounds, () => Task.FromResult(Time(plain, images, passes)), () => Task.FromResult(Time(form, last, passes)));
        return new Ratio("form", before / after, 1.3, $"plain {before:F3} s, inference form {after:F3} s a pass");
    }

    /// <summary>torchvision in PyTorch over inference form; null where python3-torch is not installed.</summary>
    public static async Task<Ratio?> PeerAsync(bool quick)
    {
        var (rounds, passes) = quick ? (3, 1) : (7, 2);
        using var peer = await PyTorchPeer.StartAsync("teacher_form.py", Batch, Size, passes);
        if (peer is null)
            return null;
        using var form = Create(inferenceForm: true);
        using var images = ChannelsLast.Apply(rand(Batch, 3, Size, Size));
        Time(form, images, 1);
        var (theirs, ours) = await Turns.MeasureAsync(rounds, peer.MeasureAsync, () => Task.FromResult(Time(form, images, passes)));
        return new Ratio("form-peer", theirs / ours, 1.5, $"torchvision {theirs:F3} s, inference form {ours:F3} s a pass");
    }

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
