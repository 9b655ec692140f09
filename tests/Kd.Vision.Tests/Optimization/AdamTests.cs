using Kd.Vision.Distillation;
using Kd.Vision.Models;
using Kd.Vision.Optimization;
using Kd.Vision.Runtime;
using Kd.Vision.Tests.Runtime;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Kd.Vision.Tests.Optimization;

[Collection(nameof(GlobalGenerator))]
public sealed class AdamTests
{
    private const double LearningRate = 0.01;
    private const double WeightDecay = 0.1;

    public AdamTests() => TorchRuntime.EnsureLoaded();

    [Fact]
    public void Step_TwentyTimes_AgreesWithTorchSharpsAdam()
    {
        using var scope = NewDisposeScope();
        random.manual_seed(5);
        var start = randn(7, 3);
        var target = randn(7, 3);
        using var ours = new Weights(start);
        using var theirs = new Weights(start);
        using var adam = new Adam(ours.parameters(), LearningRate, WeightDecay);
        using var reference = optim.Adam(theirs.parameters(), LearningRate, weight_decay: WeightDecay);
        for (var step = 0; step < 20; step++)
        {
            adam.ZeroGradients();
            ours.Loss(target).backward();
            adam.Step();
            reference.zero_grad();
            theirs.Loss(target).backward();
            reference.step();
        }

        Assert.Equal(20, adam.Steps);
        Assert.True((ours.parameters().First() - start).abs().min().item<float>() > 0.01, "The parameters hardly moved.");
        Assert.True(allclose(ours.parameters().First(), theirs.parameters().First(), 1e-5, 1e-7));
    }

    [Fact]
    public async Task Step_WhileAnotherThreadCollectsGarbage_GivesTheSameBits()
    {
        var quiet = Train();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var collector = Task.Run(
            () =>
            {
                while (!stop.IsCancellationRequested)
                {
                    GC.Collect(0);
                    GC.WaitForPendingFinalizers();
                }
            },
            TestContext.Current.CancellationToken
        );
        for (var round = 0; round < 3; round++)
            Assert.Equal(quiet, Train());
        await stop.CancelAsync();
        await collector;
    }

    private static float[] Train()
    {
        using var scope = NewDisposeScope();
        using var network = ModelCatalog.Create("mobilenet_v2", 5, 3, 0.1, true);
        using var adam = new Adam(network.parameters(), LearningRate, WeightDecay);
        random.manual_seed(9);
        var images = randn(4, 3, 16, 16);
        var teacher = randn(4, 5);
        network.train();
        for (var step = 0; step < 10; step++)
        {
            using var inner = NewDisposeScope();
            random.manual_seed(step);
            adam.ZeroGradients();
            var logits = network.call(images);
            DistillationLoss.Mixed(logits, teacher, tensor(new long[] { 0, 1, 2, 3 }), 4, 0.6).backward();
            adam.Step();
        }

        return [.. network.state_dict().Values.SelectMany(value => value.detach().to_type(ScalarType.Float32).contiguous().data<float>().ToArray())];
    }

    private sealed class Weights : Module
    {
        private readonly TorchSharp.Modules.Parameter weight;

        public Weights(Tensor start)
            : base(nameof(Weights))
        {
            weight = new TorchSharp.Modules.Parameter(start.clone());
            RegisterComponents();
        }

        public Tensor Loss(Tensor target) => (weight - target).pow(2).sum();
    }
}
