using System.Globalization;
using Kd.Tests;
using Kd.Vision.Checkpoints;
using Kd.Vision.Models;
using Kd.Vision.Runtime;
using Kd.Vision.Tests.Runtime;
using static TorchSharp.torch;

namespace Kd.Vision.Tests.Models;

[Collection(nameof(GlobalGenerator))]
public sealed class PretrainedWeightsTests
{
    // Writes torchvision's state dict, and prints the logits of a picture of sines.
    private const string Program = """
        import sys
        import torch, torchvision
        torch.manual_seed(3)
        model = getattr(torchvision.models, sys.argv[2])(num_classes=10)
        torch.save(model.state_dict(), sys.argv[1])
        model.eval()
        with torch.no_grad():
            print(" ".join(repr(value) for value in model(torch.sin(torch.arange(3 * 64 * 64) * 0.01).reshape(1, 3, 64, 64))[0].tolist()))
        """;

    private static readonly string[] s_ten = [.. Enumerable.Range(0, 10).Select(number => $"class {number}")];

    public PretrainedWeightsTests() => TorchRuntime.EnsureLoaded();

    [Theory]
    [InlineData("mobilenet_v2", "classifier.1")]
    [InlineData("mobilenet_v3_small", "classifier.3")]
    [InlineData("mobilenet_v3_large", "classifier.3")]
    [InlineData("efficientnet_b0", "classifier.1")]
    [InlineData("shufflenet_v2_x1_0", "fc")]
    [InlineData("resnet18", "fc")]
    public async Task Load_FileOfTorchvision_GivesItsLogitsAndANewLayerForOtherClasses(string architecture, string last)
    {
        using var folder = TestFiles.CreateFolder();
        var (output, _) = await PythonProgram.RunAsync(Program, folder.File("weights.pth"), architecture);
        var expected = output.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(value => double.Parse(value, CultureInfo.InvariantCulture)).ToArray();
        var checkpoint = Checkpoint.Read(folder.File("weights.pth"));
        using var scope = NewDisposeScope();
        using var same = ModelCatalog.Create(architecture, 10, seed: 1);
        using var other = ModelCatalog.Create(architecture, 7, seed: 1);
        var before = ModuleState.Save(other);

        var all = PretrainedWeights.Load(same, checkpoint, s_ten);
        var left = PretrainedWeights.Load(other, checkpoint, s_ten[..7]);

        Assert.Null(all);
        same.eval();
        using var _ = no_grad();
        var actual = same.call(arange(3 * 64 * 64, ScalarType.Float32).mul(tensor(0.01f)).sin().reshape(1, 3, 64, 64)).data<float>().ToArray();
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-4));
        Assert.Equal($"the last layer, {last}, is new: the file has 10 classes, the dataset 7", left);
        foreach (var (name, tensor) in ModuleState.Save(other))
        {
            var source = name.StartsWith(last + ".", StringComparison.Ordinal) ? before : checkpoint.Tensors;
            Assert.True(tensor.Bytes.Span.SequenceEqual(source[name].Bytes.Span), name);
        }
    }

    [Fact]
    public void Load_SameNumberOfOtherClasses_LeavesTheLastLayer()
    {
        using var trained = ModelCatalog.Create("mobilenet_v2", 3, seed: 1, width: 0.1);
        using var network = ModelCatalog.Create("mobilenet_v2", 3, seed: 2, width: 0.1);
        var metadata = new Dictionary<string, string> { [Checkpoint.ClassesKey] = "cat\ndog\nowl" };
        var checkpoint = new Checkpoint("file", ModuleState.Save(trained), metadata);

        Assert.Equal(
            "the last layer, classifier.1, is new: the file has other classes than the dataset",
            PretrainedWeights.Load(network, checkpoint, ["cat", "dog", "elk"])
        );
        Assert.Null(PretrainedWeights.Load(network, checkpoint, ["cat", "dog", "owl"]));
    }

    [Fact]
    public void Load_OtherArchitecture_NamesBothAndWhatIsMissing()
    {
        using var trained = ModelCatalog.Create("shufflenet_v2_x0_5", 3, seed: 1);
        using var network = ModelCatalog.Create("mobilenet_v3_small", 3, seed: 1);

        var error = Assert.Throws<CheckpointException>(() =>
            PretrainedWeights.Load(network, new Checkpoint("shuffle.pth", ModuleState.Save(trained), new Dictionary<string, string>()), ["a", "b", "c"])
        );

        Assert.Contains("shuffle.pth", error.Message);
        Assert.Contains("does not fit the network MobileNetV3", error.Message);
        Assert.Contains("Missing", error.Message);
        Assert.Contains("Surplus", error.Message);
    }
}
