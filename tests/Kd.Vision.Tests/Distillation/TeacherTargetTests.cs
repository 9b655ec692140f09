using Kd.Vision.Distillation;
using Kd.Vision.Runtime;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Kd.Vision.Tests.Distillation;

public sealed class TeacherTargetTests
{
    public TeacherTargetTests() => TorchRuntime.EnsureLoaded();

    // At T = 2, the logits (2 ln 3, 0) soften to (3/4, 1/4) and (0, 0) to (1/2, 1/2); two thirds of the first and a third of the second are (2/3, 1/3).
    [Fact]
    public void At_TwoTeachers_GivesTheLogitsOfTheirMean()
    {
        using var scope = NewDisposeScope();
        using var logits = tensor(new[] { 2 * MathF.Log(3), 0f, 0f, 0f }).reshape(2, 1, 2);

        var target = new TeacherTarget(logits, [2.0 / 3, 1.0 / 3]).At(2);

        Assert.Equal([1, 2], target.shape);
        AssertEqual([2 * Math.Log(2.0 / 3), 2 * Math.Log(1.0 / 3)], target);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(20)]
    public void At_ThreeTeachers_SoftensToTheWeightedMeanOfTheirSoftmaxes(double temperature)
    {
        using var scope = NewDisposeScope();
        random.manual_seed(1);
        var logits = randn(3, 5, 7).Times(6);
        double[] weights = [0.5, 0.3, 0.2];
        var expected = zeros(5, 7);
        for (var k = 0; k < 3; k++)
            expected.PlusInPlace(functional.softmax(logits[k].DividedBy(temperature), 1), weights[k]);

        var target = new TeacherTarget(logits, weights);

        AssertEqual(ToDoubles(expected), functional.softmax(target.At(temperature).DividedBy(temperature), 1));
        AssertEqual(ToDoubles(target.At(temperature)), target.At(tensor((float)temperature)));
    }

    // Far apart: the smaller probabilities are below the smallest float32.
    [Fact]
    public void At_ExtremeLogits_StaysFinite()
    {
        using var scope = NewDisposeScope();
        var logits = tensor(new[] { 300f, -300f, 200f, -200f }).reshape(2, 1, 2);

        AssertEqual([Math.Log(1), -400 + Math.Log(0.5)], new TeacherTarget(logits, [0.5, 0.5]).At(1));
    }

    [Fact]
    public void At_OneTeacher_GivesItsOwnLogits()
    {
        using var scope = NewDisposeScope();
        var logits = randn(3, 4);

        Assert.Same(logits, new TeacherTarget(logits).At(7));
        Assert.Same(logits, new TeacherTarget(logits).At(tensor(7f)));
    }

    [Fact]
    public void Create_WeightsOfAnotherNumber_IsRefused()
    {
        using var scope = NewDisposeScope();

        Assert.Contains("[2, 3, 4]", Assert.Throws<ArgumentException>(() => new TeacherTarget(zeros(2, 3, 4), [1])).Message);
    }

    private static void AssertEqual(double[] expected, Tensor actual)
    {
        var values = ToDoubles(actual);
        Assert.Equal(expected.Length, values.Length);
        Assert.All(expected.Zip(values), pair => Assert.Equal(pair.First, pair.Second, 1e-5 * Math.Max(1, Math.Abs(pair.First))));
    }

    private static double[] ToDoubles(Tensor values) => [.. values.data<float>().ToArray().Select(value => (double)value)];
}
