using Kd.Tests;
using Kd.Vision.Checkpoints;
using Kd.Vision.Optimization;
using Kd.Vision.Runtime;
using static TorchSharp.torch;
using Parameter = TorchSharp.Modules.Parameter;

namespace Kd.Vision.Tests.Optimization;

/// <summary>Compares with PyTorch's numbers, which Fixtures/make_losses_and_optimizers.py generates.</summary>
public sealed class OptimizerTests
{
    public OptimizerTests() => TorchRuntime.EnsureLoaded();

    [Theory]
    [InlineData("adam")]
    [InlineData("adamw")]
    [InlineData("sgd")]
    [InlineData("sgd_nesterov")]
    [InlineData("sgd_clipped")]
    public void Step_TenTimes_GivesPyTorchsWeights(string name)
    {
        var expected = TestFiles
            .Json("losses_and_optimizers.json")
            .GetProperty("optimizers")
            .GetProperty(name)
            .EnumerateArray()
            .Select(value => value.GetDouble())
            .ToArray();
        using var weight = Start();
        using var optimizer = Create(name, weight);

        Run(optimizer, weight, 0, 10, name);

        var actual = weight.data<float>().ToArray();
        for (var i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], actual[i], 2e-6);
    }

    [Theory]
    [InlineData("adam")]
    [InlineData("adamw")]
    [InlineData("sgd")]
    public void Restore_InTheMiddle_GoesOnToTheBit(string name)
    {
        using var weight = Start();
        using var optimizer = Create(name, weight);
        Run(optimizer, weight, 0, 4, name);
        var saved = optimizer.State.ToDictionary(entry => entry.Key, entry => TensorData.From(entry.Value));
        using var copy = new Parameter(weight.detach().clone());
        using var other = Create(name, copy);

        other.Restore(optimizer.Steps, saved);
        Run(optimizer, weight, 4, 10, name);
        Run(other, copy, 4, 10, name);

        Assert.Equal(weight.data<float>().ToArray(), copy.data<float>().ToArray());
    }

    [Theory]
    [InlineData("adam")]
    [InlineData("adamw")]
    [InlineData("sgd")]
    public void Step_DecayOfMatricesOnly_LeavesVectorsAlone(string name)
    {
        using var matrix = new Parameter(ones(2, 2));
        using var vector = new Parameter(ones(2));
        using Optimizer optimizer =
            name == "sgd"
                ? new Sgd([matrix, vector], 0.1, 0.5, 0.9) { DecaysVectors = false }
                : new Adam([matrix, vector], 0.1, 0.5, name == "adamw") { DecaysVectors = false };
        ((matrix.sum() + vector.sum()) * 0f).backward();
        optimizer.Step();
        Assert.All(vector.data<float>().ToArray(), value => Assert.Equal(1, value));
        Assert.All(matrix.data<float>().ToArray(), value => Assert.InRange(value, 0.5f, 0.999f));
    }

    private static Parameter Start() => new(linspace(-1, 1, 12).reshape(4, 3).clone());

    private static Optimizer Create(string name, Parameter weight) =>
        name switch
        {
            "adam" => new Adam([weight], 0.05, 0.1),
            "adamw" => new Adam([weight], 0.05, 0.1, decoupled: true),
            "sgd" => new Sgd([weight], 0.02, 0.01, 0.9),
            "sgd_nesterov" => new Sgd([weight], 0.02, 0.01, 0.9, nesterov: true),
            _ => new Sgd([weight], 0.02, 0, 0.9),
        };

    private static void Run(Optimizer optimizer, Parameter weight, int from, int to, string name)
    {
        for (var step = from; step < to; step++)
        {
            using var scope = NewDisposeScope();
            optimizer.ZeroGradients();
            var scaled = weight * arange(1, 13, ScalarType.Float32).reshape(4, 3) / 6;
            (scaled - (float)Math.Sin(step)).pow(2).sum().backward();
            if (name == "sgd_clipped")
                Assert.True(optimizer.ClipGradients(0.5) > 0.5);
            optimizer.Step();
        }
    }
}
