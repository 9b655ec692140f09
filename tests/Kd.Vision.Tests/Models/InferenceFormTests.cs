using Kd.Vision.Models;
using Kd.Vision.Runtime;
using static TorchSharp.torch;

namespace Kd.Vision.Tests.Models;

public sealed class InferenceFormTests
{
    public InferenceFormTests() => TorchRuntime.EnsureLoaded();

    // The formula weights have running means and variances other than 0 and 1.
    [Theory]
    [InlineData("resnet18", 64, ScalarType.Float32, 1e-4)]
    [InlineData("resnet50", 64, ScalarType.Float32, 1e-4)]
    [InlineData("cifar-resnet20", 32, ScalarType.Float32, 1e-4)]
    [InlineData("mobilenet_v2", 64, ScalarType.Float32, 1e-4)]
    [InlineData("mobilenet_v3_small", 64, ScalarType.Float32, 1e-4)]
    [InlineData("efficientnet_b0", 64, ScalarType.Float32, 1e-4)]
    [InlineData("shufflenet_v2_x1_0", 64, ScalarType.Float32, 1e-4)]
    [InlineData("resnet18", 64, ScalarType.BFloat16, 0.1)]
    public void Apply_EachNetwork_GivesThePlainNetworksLogits(string architecture, int size, ScalarType precision, double bound)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var network = ModelCatalog.Create(architecture, 10, seed: 3);
        FormulaWeights.Fill(network);
        network.eval();
        var images = FormulaWeights.Input(2, 3, size, size);
        var expected = network.call(images);

        InferenceForm.Apply(network, precision);
        var actual = network.call(ChannelsLast.Apply(images).to_type(precision)).to_type(ScalarType.Float32);

        var error = ((actual - expected).abs().max() / expected.std()).Single();
        Assert.InRange(error, 0, bound);
        Assert.True(expected.std().Single() > 1e-3, "all logits are equal");
        Assert.Equal(expected.argmax(1).data<long>().ToArray(), actual.argmax(1).data<long>().ToArray());
    }
}
