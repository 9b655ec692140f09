using System.Diagnostics;
using Kd.Settings;
using Kd.TeacherService.Model;
using Kd.Vision.Models;
using Kd.Vision.Views;

namespace Kd.Benchmarks;

/// <summary>
/// Benchmarks of the teacher's two engines: passes at 224 px, batch 16, float32 on the CPU (smoke: 32 px, batch 1), from uint8 pixels to float16 logits.
/// </summary>
internal static class EngineBenchmarks
{
    /// <summary>Measures the time of torch's inference form relative to ONNX Runtime, ResNet-152.</summary>
    public static Task<Ratio> ResNet152Async(BenchmarkSize size) => MeasureAsync("engine-152", "resnet152", 1.2, size);

    /// <summary>Measures the time of torch's inference form relative to ONNX Runtime, ResNet-50.</summary>
    public static Task<Ratio> ResNet50Async(BenchmarkSize size) => MeasureAsync("engine-50", "resnet50", 1.05, size);

    private static async Task<Ratio> MeasureAsync(string name, string architecture, double goal, BenchmarkSize size)
    {
        var (batch, side) = size.Choose((16, 224), (16, 224), (1, 32));
        var (rounds, passes) = size.Choose((5, 2), (3, 1), (1, 1));
        using var torch = Start(architecture, TeacherEngine.Torch, batch, side);
        using var onnx = Start(architecture, TeacherEngine.Onnx, batch, side);
        var pixels = new byte[batch * ViewRenderer.ByteCount(side)];
        for (var i = 0; i < pixels.Length; i++)
            pixels[i] = (byte)(i * 31 / 7);
        Time(torch, 1);
        Time(onnx, 1);
        var (torchTime, onnxTime) = await Alternating.MeasureAsync(
            rounds,
            () => Task.FromResult(Time(torch, passes)),
            () => Task.FromResult(Time(onnx, passes))
        );
        return new Ratio(name, torchTime / onnxTime, goal, $"torch {torchTime:F3} s, ONNX Runtime {onnxTime:F3} s a pass");

        double Time(ITeacherEngine engine, int count)
        {
            var started = Stopwatch.GetTimestamp();
            for (var pass = 0; pass < count; pass++)
                engine.Run(pixels, batch, side);
            return Stopwatch.GetElapsedTime(started).TotalSeconds / count;
        }
    }

    private static ITeacherEngine Start(string architecture, TeacherEngine engine, int batch, int side)
    {
        var network = ModelCatalog.Create(architecture, 1000, seed: 1);
        var loaded = new TorchNetwork(network, network, 1000, null, []);
        network.eval();
        return loaded.Start(new TeacherOptions { Architecture = architecture, Engine = engine }, new PassForm("cpu", batch, ChannelStatistics.ImageNet));
    }
}
