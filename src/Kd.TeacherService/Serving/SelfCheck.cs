using System.Diagnostics;
using Kd.Core.Randomness;
using Kd.Vision.Views;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Kd.TeacherService.Serving;

/// <summary>Compares the form that is served with the plain network on a few generated pictures, before anything is served.</summary>
internal sealed class SelfCheck
{
    private const int Views = 4;
    private readonly ReadOnlyMemory<byte>[] _views;
    private readonly float[][] _expected;
    private readonly int _size;

    private SelfCheck(ReadOnlyMemory<byte>[] views, float[][] expected, int size) => (_views, _expected, _size) = (views, expected, size);

    /// <summary>Computes what the plain network gives, in float32 on the CPU.</summary>
    /// <param name="network">Before it is brought into the inference form.</param>
    /// <param name="size">Width and height of the pictures, px.</param>
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

    /// <summary>Compares, which is also the warm-up.</summary>
    /// <param name="model">What will be served.</param>
    /// <param name="precision">Its number format, which gives the bound.</param>
    /// <returns>The largest difference, in standard deviations of the plain logits, and how long a pass took.</returns>
    /// <exception cref="TeacherException">The difference is above the bound, or a clear first choice changed.</exception>
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
                    Compare(start + view, Cut(_expected[start + view], model.Classes), actual.AsSpan(view * classes, classes), precision)
                );
        }

        return (largest, Stopwatch.GetElapsedTime(started) / ((Views + model.Batch - 1) / model.Batch));
    }

    private static double Compare(int view, float[] expected, ReadOnlySpan<Half> actual, TeacherPrecision precision)
    {
        var mean = expected.Average();
        var deviation = Math.Sqrt(expected.Average(value => (value - mean) * (value - mean)));
        // Logits travel as float16, whose own rounding is no fault of the form.
        var rounding = expected.Max(Math.Abs) / 1024;
        var bound = precision.Bound() * deviation + rounding;
        var difference = 0.0;
        for (var i = 0; i < expected.Length; i++)
            difference = Math.Max(difference, double.IsFinite((double)actual[i]) ? Math.Abs(expected[i] - (double)actual[i]) : double.PositiveInfinity);
        if (!(difference <= bound))
            throw new TeacherException(
                $"Self-check: the logits of generated view {view} differ by {difference:G3} from the plain network's, allowed are {bound:G3} (Teacher:Precision={precision}). The teacher is not served; use Teacher:Precision=Float32, or report this."
            );
        CheckFirstChoice(view, expected, actual, bound);
        return deviation == 0 ? 0 : difference / deviation;
    }

    // Two classes that are closer than twice the bound may change places; a clear first choice may not.
    private static void CheckFirstChoice(int view, float[] expected, ReadOnlySpan<Half> actual, double bound)
    {
        var first = Array.IndexOf(expected, expected.Max());
        var chosen = 0;
        for (var i = 1; i < actual.Length; i++)
            chosen = actual[i] > actual[chosen] ? i : chosen;
        if (expected[first] - expected[chosen] > 2 * bound)
            throw new TeacherException(
                $"Self-check: the plain network puts generated view {view} into class {first}, the form that would be served into class {chosen}. The teacher is not served."
            );
    }

    private static float[] Cut(float[] logits, ClassMap classes) =>
        classes.Outputs is { } outputs ? Array.ConvertAll(outputs, output => logits[output]) : logits;

    // Coloured waves with noise: something between a photo and noise, the same on every machine.
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
