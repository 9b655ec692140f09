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
    public void Forward_FormulaWeights_GivesPyTorchLogits(string fixture, string architecture, double width)
    {
        var expected = TestFiles.Json("formula_logits.json").GetProperty(fixture);
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
    public void StateNames_AnyNetwork_AreTorchvisionsInOrder(string fixture, string architecture, int classes)
    {
        using var model = ModelCatalog.Create(architecture, classes, seed: 1);

        var actual = ModuleState.Entries(model).Select(entry => $"{entry.Key} {string.Join(',', entry.Value.shape)}");

        var expected = TestFiles
            .Json("state_dict_names.json")
            .GetProperty(fixture)
            .EnumerateObject()
            .Select(entry => $"{entry.Name} {string.Join(',', entry.Value.EnumerateArray().Select(size => size.GetInt64()))}");
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
    public void Forward_SmallImageForm_KeepsMoreResolutionWithTheSameNames()
    {
        using var scope = NewDisposeScope();
        using var small = ModelCatalog.Create("mobilenet_v2", 10, seed: 1, width: 0.35, smallImages: true);
        using var large = ModelCatalog.Create("mobilenet_v2", 10, seed: 1, width: 0.35);

        Assert.Equal(ModuleState.Entries(large).Select(entry => entry.Key), ModuleState.Entries(small).Select(entry => entry.Key));
        var features = (nn.Module<Tensor, Tensor>)small.named_children().First().module;
        Assert.Equal([2, 1280, 4, 4], features.call(zeros(2, 3, 32, 32)).shape);
    }
}
