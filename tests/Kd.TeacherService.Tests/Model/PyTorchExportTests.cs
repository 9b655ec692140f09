using System.Runtime.InteropServices;
using Kd.Settings;
using Kd.TeacherService.Model;
using Kd.Tests;
using Kd.Vision.Runtime;
using Kd.Vision.Views;

namespace Kd.TeacherService.Tests.Model;

/// <summary>Networks that torchvision has and this project has not, as PyTorch exports them.</summary>
public sealed class PyTorchExportTests
{
    private const int Classes = 24;
    private const int Side = 32;
    private const int Views = 5;

    public PyTorchExportTests() => TorchRuntime.EnsureLoaded();

    [Theory]
    [InlineData("vit", "dynamic")]
    [InlineData("vit", "fixed")]
    [InlineData("convnext", "dynamic")]
    [InlineData("convnext", "fixed")]
    public async Task Run_ExportOfTorchvision_GivesPyTorchsLogits(string network, string batch)
    {
        using var folder = TestFiles.CreateFolder();
        byte[] pixels = [.. Enumerable.Range(0, Views * ViewRenderer.ByteCount(Side)).Select(i => (byte)(i * 31 / 7))];
        File.WriteAllBytes(folder.File("pixels"), pixels);
        await ExportAsync(folder, network, batch);
        var expected = MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(folder.File("logits"))).ToArray();

        var options = new TeacherOptions
        {
            Architecture = NetworkLoader.Onnx,
            Weights = folder.File("teacher.onnx"),
            InputSize = Side,
        };
        using var loaded = OnnxNetwork.Load(options, null);
        Assert.Equal((Classes, network == "vit" || batch == "fixed" ? Side : 0), (loaded.Outputs, loaded.Side));
        var check = SelfCheck.Prepare(loaded, Side, ChannelStatistics.ImageNet);
        var map = new ClassMap([.. Enumerable.Range(0, Classes).Select(i => $"{i}")], null, Classes);
        var engine = loaded.Start(options, new PassForm("cpu", 4, ChannelStatistics.ImageNet));
        using var model = new TeacherModel(engine, new TeacherDescription("", "onnx", "", "float32", 0, Side), map, 4);
        check.Run(model, TeacherPrecision.Float32, isForeign: true);
        var views = Enumerable
            .Range(0, Views)
            .Select(view => (ReadOnlyMemory<byte>)pixels.AsMemory(view * ViewRenderer.ByteCount(Side), pixels.Length / Views));
        var logits = views.Chunk(4).SelectMany(part => model.Pass(part, Side)).ToArray();

        Assert.Equal(expected.Length, logits.Length);
        Assert.InRange(expected.Max(), 0.5f, 1000);
        for (var i = 0; i < logits.Length; i++)
            Assert.Equal(expected[i], (float)logits[i], Math.Max(2e-3, Math.Abs(expected[i]) / 1000));
    }

    private static Task ExportAsync(TemporaryFolder folder, string network, string batch) =>
        PythonProgram.RunAsync(
            $$"""
            import torch, torchvision as tv
            from torchvision.models.convnext import CNBlockConfig
            torch.manual_seed(1)
            net = (tv.models.VisionTransformer({{Side}}, 8, 2, 2, 32, 64, num_classes={{Classes}}) if "{{network}}" == "vit"
                   else tv.models.ConvNeXt([CNBlockConfig(16, 32, 1), CNBlockConfig(32, None, 1)], num_classes={{Classes}})).eval()
            for parameter in net.parameters():
                torch.nn.init.normal_(parameter, 0, 0.3)
            bytes = open(r"{{folder.File("pixels")}}", "rb").read()
            pixels = torch.tensor(list(bytes), dtype=torch.float32).reshape({{Views}}, 3, {{Side}}, {{Side}}) / 255
            mean, std = torch.tensor([.485, .456, .406]), torch.tensor([.229, .224, .225])
            images = (pixels - mean[:, None, None]) / std[:, None, None]
            with torch.no_grad():
                open(r"{{folder.File("logits")}}", "wb").write(net(images).numpy().tobytes())
            axes = dict(images=dict(zip((0, 2, 3), "NHW")), logits={0: "N"}) if "{{batch}}" == "dynamic" else None
            torch.onnx.export(net, images[:3], r"{{folder.File("teacher.onnx")}}", input_names=["images"], output_names=["logits"],
                              dynamic_axes=axes, opset_version=14)
            """
        );
}
