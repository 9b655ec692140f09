using System.Text.Json;
using Kd.Tests;
using Kd.Vision.Distillation;
using Kd.Vision.Runtime;
using static TorchSharp.torch;

namespace Kd.Vision.Tests.Distillation;

public sealed class DistillationTests
{
    private readonly JsonElement _numbers = TestFiles.Json("difficulty_and_loss.json");

    public DistillationTests() => TorchRuntime.EnsureLoaded();

    [Fact]
    public void Measure_PyTorchLogits_GivesItsParts()
    {
        using var scope = NewDisposeScope();
        var (teacher, student) = (Matrix("teacher_logits"), Matrix("student_logits"));

        var parts = Difficulty.MeasureParts(teacher, student);

        AssertNear("conf", parts.Confidence);
        AssertNear("entropy", parts.Entropy);
        AssertNear("d_kl", parts.Divergence);
        AssertNear("difficulty", Difficulty.Measure(teacher, student));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Loss_EachTemperature_GivesPyTorchValueAndGradient(int row)
    {
        using var scope = NewDisposeScope();
        var expected = _numbers.GetProperty("kd")[row];
        var temperature = expected.GetProperty("T").GetDouble();
        var (teacher, student) = (Matrix("teacher_logits"), Matrix("student_logits").requires_grad_());

        var loss = DistillationLoss.Soft(student, teacher, temperature);
        loss.backward();

        AssertNear(expected.GetProperty("loss").GetDouble(), loss.item<float>());
        AssertNear(expected.GetProperty("loss").GetDouble(), DistillationLoss.SoftPerSample(student, teacher, temperature).mean().item<float>());
        var gradient = student.grad!.data<float>().ToArray();
        foreach (var (index, value) in expected.GetProperty("grad_row0").EnumerateArray().Index())
            Assert.Equal(value.GetDouble(), gradient[index], 1e-6);
        var labels = tensor(_numbers.GetProperty("labels").EnumerateArray().Select(value => value.GetInt64()).ToArray());
        AssertNear(expected.GetProperty("mixed_alpha_0_6").GetDouble(), DistillationLoss.Mixed(student, teacher, labels, temperature, 0.6).item<float>());
    }

    private Tensor Matrix(string name)
    {
        var rows = _numbers.GetProperty(name).EnumerateArray().Select(row => row.EnumerateArray().Select(value => value.GetSingle()).ToArray()).ToArray();
        return tensor(rows.SelectMany(row => row).ToArray()).reshape(rows.Length, rows[0].Length);
    }

    private void AssertNear(string name, Tensor actual)
    {
        foreach (var (index, value) in _numbers.GetProperty(name).EnumerateArray().Index())
            AssertNear(value.GetDouble(), actual[index].item<float>());
    }

    private static void AssertNear(double expected, float actual) => Assert.InRange(Math.Abs(actual - expected), 0, 1e-5);
}
