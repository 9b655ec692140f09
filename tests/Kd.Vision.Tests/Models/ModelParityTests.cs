using System.Text.Json;
using Kd.Tests;
using Kd.Vision.Checkpoints;
using Kd.Vision.Models;
using static TorchSharp.torch;

namespace Kd.Vision.Tests.Models;

public sealed class ModelParityTests
{
    [Theory]
    [InlineData("mobilenet_v2", "mobilenet_v2", 1.0)]
    [InlineData("mobilenet_v2_w0.5", "mobilenet_v2", 0.5)]
    [InlineData("resnet18", "resnet18", 1.0)]
    [InlineData("resnet34", "resnet34", 1.0)]
    [InlineData("resnet50", "resnet50", 1.0)]
    [InlineData("resnet101", "resnet101", 1.0)]
    [InlineData("resnet152", "resnet152", 1.0)]
    [InlineData("cifar_resnet20", "cifar-resnet20", 1.0)]
    [InlineData("cifar_resnet56", "cifar-resnet56", 1.0)]
    [InlineData("mobilenet_v3_small", "mobilenet_v3_small", 1.0)]
    [InlineData("mobilenet_v3_large", "mobilenet_v3_large", 1.0)]
    [InlineData("efficientnet_b0", "efficientnet_b0", 1.0)]
    [InlineData("shufflenet_v2_x1_0", "shufflenet_v2_x1_0", 1.0)]
    public void Forward_FormulaWeights_GivesPyTorchLogits(string fixture, string architecture, double width)
    {
        var expected = Find("formula_logits.json", "logits", fixture);
        using var scope = NewDisposeScope();
        using var model = ModelCatalog.Create(architecture, expected.GetProperty("classes").GetInt32(), seed: 1, width);
        FormulaWeights.Fill(model);
        model.eval();
        using var _ = no_grad();

        var logits = model.call(FormulaWeights.Input([.. expected.GetProperty("input").EnumerateArray().Select(size => size.GetInt64())]));

        var deviation = expected.GetProperty("std").GetDouble();
        Assert.Equal(expected.GetProperty("parameters").GetInt64(), model.parameters().Sum(parameter => parameter.numel()));
        Assert.Equal(expected.GetProperty("argmax").EnumerateArray().Select(value => value.GetInt64()), logits.argmax(1).data<long>().ToArray());
        Assert.InRange(Math.Abs(logits.mean().item<float>() - expected.GetProperty("mean").GetDouble()) / deviation, 0, 1e-4);
        Assert.InRange(Math.Abs(logits.std(unbiased: true).item<float>() / deviation - 1), 0, 1e-4);
        var rows = expected.GetProperty("first8").EnumerateArray().ToArray();
        for (var row = 0; row < rows.Length; row++)
        {
            for (var column = 0; column < 8; column++)
                Assert.InRange(Math.Abs(logits[row, column].item<float>() - rows[row][column].GetDouble()) / deviation, 0, 1e-4);
        }
    }

    [Theory]
    [InlineData("mobilenet_v2", "mobilenet_v2", 100)]
    [InlineData("resnet18", "resnet18", 1000)]
    [InlineData("resnet152", "resnet152", 1000)]
    [InlineData("cifar_resnet56", "cifar-resnet56", 10)]
    [InlineData("mobilenet_v3_small", "mobilenet_v3_small", 100)]
    [InlineData("mobilenet_v3_large", "mobilenet_v3_large", 100)]
    [InlineData("efficientnet_b0", "efficientnet_b0", 100)]
    [InlineData("shufflenet_v2_x1_0", "shufflenet_v2_x1_0", 100)]
    public void StateNames_AnyNetwork_AreTorchvisionsInOrder(string fixture, string architecture, int classes)
    {
        using var model = ModelCatalog.Create(architecture, classes, seed: 1);

        var actual = ModuleState.Entries(model).Select(entry => Line(entry.Key, entry.Value.shape));

        var names = Find("state_dict_names.json", "state_dict", fixture);
        var expected =
            names.ValueKind == JsonValueKind.Object
                ? names.EnumerateObject().Select(entry => Line(entry.Name, entry.Value))
                : names.EnumerateArray().Select(entry => Line(entry[0].GetString()!, entry[1]));
        Assert.Equal(expected, actual);
    }

    [Fact]
    public void Create_UnknownName_NamesItAndTheKnownOnes()
    {
        var error = Assert.Throws<ArgumentException>(() => ModelCatalog.Create("resnet19", 10, seed: 1));

        Assert.Contains("'resnet19'", error.Message);
        Assert.Contains("resnet152", error.Message);
    }

    [Fact]
    public void Create_WidthOfANetworkWithoutOne_IsRefused()
    {
        var error = Assert.Throws<ArgumentException>(() => ModelCatalog.Create("shufflenet_v2_x1_0", 10, seed: 1, width: 0.5));

        Assert.Contains("width is 0.5", error.Message);
        Assert.Contains("'shufflenet_v2_x1_0' has no width multiplier", error.Message);
    }

    // A picture of 32 px leaves 4x4 places instead of one.
    [Theory]
    [InlineData("mobilenet_v2", 0.35)]
    [InlineData("mobilenet_v3_small", 0.35)]
    [InlineData("mobilenet_v3_large", 0.35)]
    [InlineData("efficientnet_b0", 0.35)]
    [InlineData("shufflenet_v2_x0_5", 1.0)]
    [InlineData("resnet18", 1.0)]
    public void Forward_SmallImageForm_KeepsMoreResolutionWithTheSameNames(string architecture, double width)
    {
        using var scope = NewDisposeScope();
        using var small = ModelCatalog.Create(architecture, 10, seed: 1, width, smallImages: true);
        using var large = ModelCatalog.Create(architecture, 10, seed: 1, width);

        Assert.Equal(
            ModuleState.Entries(large).Select(entry => Line(entry.Key, entry.Value.shape)),
            ModuleState.Entries(small).Select(entry => Line(entry.Key, entry.Value.shape))
        );
        Assert.Equal(16, PlacesBeforeTheHead(small) / PlacesBeforeTheHead(large));
    }

    [Theory]
    [InlineData("mobilenet_v3_small")]
    [InlineData("efficientnet_b0")]
    [InlineData("shufflenet_v2_x0_5")]
    public void Backward_EachFamily_GivesEveryParameterAGradient(string architecture)
    {
        using var scope = NewDisposeScope();
        using var network = ModelCatalog.Create(architecture, 10, seed: 1, smallImages: true);
        random.manual_seed(1);

        network.call(randn(8, 3, 32, 32)).square().mean().backward();

        Assert.All(network.named_parameters(), entry => Assert.True(entry.parameter.grad is not null, entry.name));
        Assert.All(network.named_parameters(), entry => Assert.True(entry.parameter.grad!.isfinite().all().item<bool>(), entry.name));
    }

    // Batch normalization and convolutions average over N H W values; the last one's input shows how many places the head pools.
    private static long PlacesBeforeTheHead(nn.Module<Tensor, Tensor> network)
    {
        var last = network.modules().OfType<BatchNorm>().Last();
        var places = 0L;
        last.register_forward_hook(
            (_, _, output) =>
            {
                places = output.shape[2] * output.shape[3];
                return output;
            }
        );
        network.eval();
        network.call(zeros(1, 3, 32, 32));
        return places;
    }

    private static JsonElement Find(string file, string part, string fixture) =>
        TestFiles.Json(file).TryGetProperty(fixture, out var found) ? found : TestFiles.Json("more_students.json").GetProperty(part).GetProperty(fixture);

    private static string Line(string name, JsonElement shape) => Line(name, shape.EnumerateArray().Select(size => size.GetInt64()));

    private static string Line(string name, IEnumerable<long> shape) => $"{name} {string.Join(',', shape)}";
}
