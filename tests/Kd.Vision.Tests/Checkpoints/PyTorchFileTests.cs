using Kd.Tests;
using Kd.Vision.Checkpoints;
using Kd.Vision.Models;
using Kd.Vision.Tests.Models;
using static TorchSharp.torch;

namespace Kd.Vision.Tests.Checkpoints;

public sealed class PyTorchFileTests
{
    [Theory]
    [InlineData("parity/mobilenet_v2_w0.35_zip.pth")]
    [InlineData("parity/mobilenet_v2_w0.35_nested_legacy.pth")]
    public void Read_FilesOfTorchSave_GivePyTorchLogits(string file)
    {
        using var scope = NewDisposeScope();
        using var model = ModelCatalog.Create("mobilenet_v2", 10, seed: 1, width: 0.35);

        ModuleState.Load(model, Checkpoint.Read(TestFiles.Shared(file)));

        model.eval();
        var logits = model.call(FormulaWeights.Input(1, 3, 64, 64)).data<float>().ToArray();
        var expected = TestFiles.Json("mobilenet_v2_w0.35_logits.json").GetProperty("logits").EnumerateArray().Select(value => value.GetDouble()).ToArray();
        for (var i = 0; i < expected.Length; i++)
            Assert.InRange(Math.Abs(logits[i] - expected[i]), 0, 1e-4 * 0.007);
    }

    [Theory]
    [InlineData("data/cifar10/resnet20-12fca82f.th", "cifar-resnet20")]
    [InlineData("data/cifar10/resnet56-4bfd9763.th", "cifar-resnet56")]
    public void Read_PublishedCifarWeights_FitTheirNetwork(string file, string architecture)
    {
        using var model = ModelCatalog.Create(architecture, 10, seed: 1);

        ModuleState.Load(model, Checkpoint.Read(TestFiles.Shared(file)));

        Assert.True(model.parameters().First().std().item<float>() > 0.1);
    }
}
