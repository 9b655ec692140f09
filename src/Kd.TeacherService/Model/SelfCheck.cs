using System.Diagnostics;
using Kd.Core.Randomness;
using Kd.Settings;
using Kd.Vision.Views;
using MathNet.Numerics.Statistics;

namespace Kd.TeacherService.Model;

/// <summary>Compares the form that is served with the original network on generated images before the teacher is served.</summary>
internal sealed class SelfCheck
{
    private const int Views = 4;
    private readonly ReadOnlyMemory<byte>[] _views;
    private readonly float[][] _expected;
    private readonly int _size;

    private SelfCheck(ReadOnlyMemory<byte>[] views, float[][] expected, int size) => (_views, _expected, _size) = (views, expected, size);

    /// <summary>Computes the original network's logits, in float32 on the CPU.</summary>
    /// <param name="network">The network before its conversion into the form that is served.</param>
    /// <param name="size">Width and height of the images, px.</param>
    /// <param name="statistics">Normalization of the images.</param>
    /// <exception cref="TeacherException">The network fails, or its output is a probability.</exception>
    public static SelfCheck Prepare(LoadedNetwork network, int size, ChannelStatistics statistics)
    {
        var pixels = Draw(size);
        var bytes = ViewRenderer.ByteCount(size);
        float[][] logits = [.. network.Compute(pixels, Views, size, statistics).Chunk(network.Outputs)];
        if (logits.All(IsDistribution))
            throw new TeacherException(
                "The teacher's outputs are probabilities: for each generated view none is negative and their sum is 1. Export the network without its "
                    + "softmax, so that it returns logits."
            );
        return new SelfCheck([.. Enumerable.Range(0, Views).Select(view => (ReadOnlyMemory<byte>)pixels.AsMemory(view * bytes, bytes))], logits, size);
    }

    /// <summary>Compares the model's logits with the expected ones, and warms the model up.</summary>
    /// <param name="model">The model to serve.</param>
    /// <param name="precision">Its number format, which determines the bound.</param>
    /// <param name="isForeign">Whether the graph comes from a file, so that nothing is known about it.</param>
    /// <returns>The largest difference, in standard deviations of the original logits, and the mean duration of a pass.</returns>
    /// <exception cref="TeacherException">
    /// The difference is above the bound, or a clearly predicted class changed, or the logits of a foreign graph depend on the other views of a pass.
    /// </exception>
    public (double Difference, TimeSpan Pass) Run(TeacherModel model, TeacherPrecision precision, bool isForeign = false)
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

        var duration = Stopwatch.GetElapsedTime(started) / ((Views + model.Batch - 1) / model.Batch);
        if (isForeign && model.Batch > 1)
            CheckNeighbors(model);
        return (largest, duration);
    }

    // In the first row beside black, and in the last one beside white.
    private void CheckNeighbors(TeacherModel model)
    {
        var white = new byte[ViewRenderer.ByteCount(_size)];
        Array.Fill(white, byte.MaxValue);
        var classes = model.Classes.Classes.Count;
        var alone = model.Pass([_views[0]], _size);
        var beside = model.Pass([.. Enumerable.Repeat<ReadOnlyMemory<byte>>(white, model.Batch - 1), _views[0]], _size);
        if (!alone.AsSpan().SequenceEqual(beside.AsSpan((model.Batch - 1) * classes)))
            throw new TeacherException(
                "The logits of a picture depend on the other pictures of its pass, as after a dynamic quantization or an export in training mode. Export the "
                    + "network in evaluation mode (model.eval()) and without dynamic quantization."
            );
    }

    private static bool IsDistribution(float[] values) => values.All(value => value >= 0) && Math.Abs(values.Sum() - 1) < 1e-3;

    private static double Compare(int view, float[] expected, ReadOnlySpan<Half> actual, TeacherPrecision precision)
    {
        var deviation = expected.PopulationStandardDeviation();
        // Logits are returned as float16, and the form is not to blame for their rounding.
        var rounding = expected.Max(Math.Abs) / 1024 + (double)Half.Epsilon;
        var bound = precision.Bound() * deviation + rounding;
        var difference = 0.0;
        for (var i = 0; i < expected.Length; i++)
            difference = Math.Max(difference, double.IsFinite((double)actual[i]) ? Math.Abs(expected[i] - (double)actual[i]) : double.PositiveInfinity);
        if (!(difference <= bound))
            throw new TeacherException(
                $"Self-check: the logits of generated view {view} differ by {difference:G3} from the plain network's, allowed are {bound:G3} "
                    + $"(Teacher:Precision={precision}). The teacher is not served; use "
                    + (precision == TeacherPrecision.Float32 ? "weights in float32 that are not quantized, or report this." : "Teacher:Precision=Float32.")
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
                $"Self-check: the plain network predicts class {predicted} for generated view {view}, the form that is served class {chosen}. "
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
