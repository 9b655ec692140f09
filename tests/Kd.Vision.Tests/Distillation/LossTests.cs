using System.Text.Json;
using Kd.Tests;
using Kd.Vision.Distillation;
using Kd.Vision.Runtime;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Kd.Vision.Tests.Distillation;

/// <summary>Compares with PyTorch's numbers, which Fixtures/make_losses_and_optimizers.py generates.</summary>
public sealed class LossTests
{
    private readonly JsonElement _numbers = TestFiles.Json("losses_and_optimizers.json");

    public LossTests() => TorchRuntime.EnsureLoaded();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Decoupled_Logits_GivesTheFormulasValueAndGradient(int row) =>
        AssertLoss(
            _numbers.GetProperty("decoupled")[row],
            (student, expected) =>
                DistillationLoss.Decoupled(
                    student,
                    Matrix("teacher_logits"),
                    Labels(),
                    Number(expected, "T"),
                    Number(expected, "alpha"),
                    Number(expected, "beta")
                )
        );

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Relations_Logits_GivesTheFormulasValueAndGradient(int row) =>
        AssertLoss(
            _numbers.GetProperty("relations")[row],
            (student, expected) =>
                DistillationLoss.Relations(student, Matrix("teacher_logits"), Number(expected, "T"), Number(expected, "inter"), Number(expected, "intra"))
        );

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void CrossEntropy_WithSmoothing_GivesPyTorchsValueAndGradient(int row) =>
        AssertLoss(
            _numbers.GetProperty("smoothed")[row],
            (student, expected) => functional.cross_entropy(student, Labels(), label_smoothing: Number(expected, "smoothing"))
        );

    [Fact]
    public void CurriculumTemperature_InTheGraph_GivesTheFormulasValueAndGradients()
    {
        var expected = _numbers.GetProperty("learnt_temperature");
        using var temperature = new CurriculumTemperature(10, CPU);
        using (no_grad())
            temperature.Theta.fill_(0.3f);
        AssertLoss(expected, (student, _) => DistillationLoss.Soft(student, Matrix("teacher_logits"), temperature.Temperature()));

        using var value = temperature.Temperature();
        Assert.Equal(Number(expected, "temperature"), value.item<float>(), 1e-4);
        var gradient = Number(expected, "theta_gradient");
        Assert.Equal(gradient, temperature.Theta.grad!.item<float>(), 2e-3 * Math.Abs(gradient));
        // Halfway up the ramp: half of the gradient, negated.
        temperature.TurnGradient(5);
        Assert.Equal(-gradient / 2, temperature.Theta.grad!.item<float>(), 2e-3 * Math.Abs(gradient));
    }

    private void AssertLoss(JsonElement expected, Func<Tensor, JsonElement, Tensor> compute)
    {
        using var scope = NewDisposeScope();
        var student = Matrix("student_logits").requires_grad_();

        var loss = compute(student, expected);
        loss.backward();

        Assert.Equal(Number(expected, "loss"), loss.item<float>(), 2e-5 * Math.Max(1, Number(expected, "loss")));
        var gradient = student.grad!.data<float>().ToArray();
        foreach (var (index, value) in expected.GetProperty("gradient").EnumerateArray().Index())
            Assert.Equal(value.GetDouble(), gradient[index], 2e-5);
    }

    private static double Number(JsonElement element, string name) => element.GetProperty(name).GetDouble();

    private Tensor Labels() => tensor(_numbers.GetProperty("labels").EnumerateArray().Select(value => value.GetInt64()).ToArray());

    private Tensor Matrix(string name)
    {
        var rows = _numbers.GetProperty(name).EnumerateArray().Select(row => row.EnumerateArray().Select(value => value.GetSingle()).ToArray()).ToArray();
        return tensor(rows.SelectMany(row => row).ToArray()).reshape(rows.Length, rows[0].Length);
    }
}
