using System.Diagnostics;
using Kd.Core.Randomness;
using Kd.Settings;
using Kd.Vision.Views;
using MathNet.Numerics.Statistics;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Kd.TeacherService.Model;

/// <summary>Compares the inference form with the original network on generated images before the teacher is served.</summary>
internal sealed class SelfCheck
{
    private const int Views = 4;
    private readonly ReadOnlyMemory<byte>[] _views;
    private readonly float[][] _expected;
    private readonly int _size;

    private SelfCheck(ReadOnlyMemory<byte>[] views, float[][] expected, int size) => (_views, _expected, _size) = (views, expected, size);

    /// <summary>Computes the original network's logits, in float32 on the CPU.</summary>
    /// <param name="network">The network before its conversion into the inference form.</param>
    /// <param name="size">Width and height of the images, px.</param>
    public static SelfCheck Prepare(IModule<Tensor, Tensor> network, int size)
    {
        var pixels = Draw(size);
        var bytes = ViewRenderer.ByteCount(size);
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var logits = network.call(Normalization.ToInput(pixels, Views, size, CPU)).contiguous();
        var values = logits.data<float>().ToArray();
        var classes = values.Length / Views;
        return new SelfCheck(
            [.. Enumerable.Range(0, Views).Select(view => (ReadOnlyMemory<byte>)pixels.AsMemory(view * bytes, bytes))],
            [.. values.Chunk(classes)],
            size
        );
    }

    /// <summary>Compares the model's logits with the expected ones, and warms the model up.</summary>
    /// <param name="model">The model to serve.</param>
    /// <param name="precision">Its number format, which determines the bound.</param>
    /// <returns>The largest difference, in standard deviations of the original logits, and the mean duration of a pass.</returns>
    /// <exception cref="TeacherException">The difference is above the bound, or a clearly predicted class changed.</exception>
    public (double Difference, TimeSpan Pass) Run(TeacherModel model, TeacherPrecision precision)
    {
        var started = Stopwatch.GetTimestamp();
        var classes = model.Classes.Classes.Count;
        var largest = 0.0;
        for (var start = 0; start < Views; start += model.Batch)
        {
            var count = Math.Min(model.Batch, Views - start);
            var actual = model.Pass(_views.AsSpan(start, count).ToArray(), _size);
            for (var view = 0; view < count; view++)
                largest = Math.Max(
                    largest,
                    Compare(start + view, Select(_expected[start + view], model.Classes), actual.AsSpan(view * classes, classes), precision)
                );
        }

        return (largest, Stopwatch.GetElapsedTime(started) / ((Views + model.Batch - 1) / model.Batch));
    }

    private static double Compare(int view, float[] expected, ReadOnlySpan<Half> actual, TeacherPrecision precision)
    {
        var deviation = expected.PopulationStandardDeviation();
        // Logits are returned as float16, and the inference form is not to blame for their rounding.
        var rounding = expected.Max(Math.Abs) / 1024;
        var bound = precision.Bound() * deviation + rounding;
        var difference = 0.0;
        for (var i = 0; i < expected.Length; i++)
            difference = Math.Max(difference, double.IsFinite((double)actual[i]) ? Math.Abs(expected[i] - (double)actual[i]) : double.PositiveInfinity);
        if (!(difference <= bound))
            throw new TeacherException(
                $"Self-check: the logits of generated view {view} differ by {difference:G3} from the plain network's, allowed are {bound:G3} "
                    + $"(Teacher:Precision={precision}). The teacher is not served; use Teacher:Precision=Float32, or report this."
            );
        CheckPredictedClass(view, expected, actual, bound);
        return deviation == 0 ? 0 : difference / deviation;
    }

    // Classes whose logits differ by less than twice the bound may be swapped.
    private static void CheckPredictedClass(int view, float[] expected, ReadOnlySpan<Half> actual, double bound)
    {
        var predicted = Array.IndexOf(expected, expected.Max());
        var chosen = 0;
        for (var i = 1; i < actual.Length; i++)
            chosen = actual[i] > actual[chosen] ? i : chosen;
        if (expected[predicted] - expected[chosen] > 2 * bound)
            throw new TeacherException(
                $"Self-check: the plain network predicts class {predicted} for generated view {view}, the inference form class {chosen}. "
                    + "The teacher is not served."
            );
    }

    private static float[] Select(float[] logits, ClassMap classes) =>
        classes.Outputs is { } outputs ? Array.ConvertAll(outputs, output => logits[output]) : logits;

    // Colored waves with noise resemble photos more than pure noise does. The same on every machine.
    private static byte[] Draw(int size)
    {
        var pixels = new byte[Views * ViewRenderer.ByteCount(size)];
        var random = new CounterRandom(0x5E1F, 0);
        for (var i = 0; i < pixels.Length; i++)
        {
            var (plane, at) = Math.DivRem(i, size * size);
            var (y, x) = Math.DivRem(at, size);
            var wave = Math.Sin((plane + 1) * 2.1 * x / size + plane) + Math.Cos((plane + 2) * 1.7 * y / size);
            pixels[i] = (byte)Math.Clamp(128 + 50 * wave + 30 * random.NextGaussian(), 0, 255);
        }

        return pixels;
    }
}
