using Kd.Protocol.Teacher.V1;
using Kd.Settings;
using Kd.TeacherService.Hosting;
using Kd.TeacherService.Model;
using Kd.Tests;
using Kd.Vision.Checkpoints;
using Kd.Vision.Models;
using Kd.Vision.Runtime;
using Kd.Vision.Views;
using static TorchSharp.torch;

namespace Kd.TeacherService.Tests.Model;

public sealed class NetworkTests
{
    public NetworkTests() => TorchRuntime.EnsureLoaded();

    [Fact]
    public void SelfCheck_FormThatDiffers_IsNotServed()
    {
        using var network = ModelCatalog.Create("cifar-resnet20", 10, seed: 1);
        network.eval();
        using var loaded = new TorchNetwork(network, network, 10, null, []);
        var form = new PassForm("cpu", 4, ChannelStatistics.ImageNet);
        var check = SelfCheck.Prepare(loaded, 32, form.Statistics);
        using (no_grad())
            network.parameters().Last().fill_(0.5f);
        var map = new ClassMap([.. Enumerable.Range(0, 10).Select(i => $"{i}")], null, 10);
        var description = new TeacherDescription("", "cifar-resnet20", "random", "float32", 0, 32);
        using var model = new TeacherModel(loaded.Start(new TeacherOptions { Engine = TeacherEngine.Torch }, form), description, map, 4);

        var error = Assert.Throws<TeacherException>(() => check.Run(model, TeacherPrecision.Float32));

        Assert.Contains("Self-check", error.Message);
    }

    [Theory]
    [InlineData("Float32", 1e-3)]
    [InlineData("BFloat16", 0.15)]
    public void SelfCheck_TheNetworkItself_Passes(string precision, double bound)
    {
        using var network = ModelCatalog.Create("resnet18", 10, seed: 1);
        network.eval();
        using var loaded = new TorchNetwork(network, network, 10, null, []);
        var form = new PassForm("cpu", 4, ChannelStatistics.ImageNet);
        var check = SelfCheck.Prepare(loaded, 64, form.Statistics);
        var map = new ClassMap([.. Enumerable.Range(0, 10).Select(i => $"{i}")], null, 10);
        var wanted = Enum.Parse<TeacherPrecision>(precision);
        var description = new TeacherDescription("", "resnet18", "random", precision, 0, 64);
        using var model = new TeacherModel(loaded.Start(new TeacherOptions { Engine = TeacherEngine.Torch, Precision = wanted }, form), description, map, 4);
        Assert.InRange(check.Run(model, wanted).Difference, 0, bound + 0.01);
    }

    [Fact]
    public async Task Start_TorchScriptFile_ServesItsLogits()
    {
        using var folder = TestFiles.CreateFolder();
        var path = folder.File("script.pt");
        await WriteScriptAsync(path);

        await using var service = await RunningService.StartAsync(
            TeacherExtensions.BuildTeacherService,
            "--Teacher:Architecture=torchscript",
            $"--Teacher:Weights={path}",
            "--Teacher:AllowScript=true",
            "--Teacher:InputSize=32"
        );
        using var channel = service.Open();
        var client = new Teacher.TeacherClient(channel);
        var description = await client.DescribeAsync(new DescribeRequest());
        var rows = await LabelGrayAsync(client);

        Assert.Equal(("torchscript", 24, 32), (description.Architecture, description.Classes.Count, description.InputSize));
        // The script's logit of class c is c times the mean of the normalized image.
        var mean = Enumerable.Range(0, 3).Average(channel => (128 / 255.0 - Normalization.Mean[channel]) / Normalization.StandardDeviation[channel]);
        for (var c = 0; c < 24; c++)
            Assert.Equal(c * mean, (double)rows[c], 0.01);
    }

    // The default architecture and those whose untrained logits vanish must also start without weights, for timing.
    [Theory]
    [InlineData("resnet152")]
    [InlineData("mobilenet_v2")]
    [InlineData("mobilenet_v3_large")]
    public async Task Start_RandomWeights_AreServed(string architecture)
    {
        await using var service = await RunningService.StartAsync(
            TeacherExtensions.BuildTeacherService,
            $"--Teacher:Architecture={architecture}",
            "--Teacher:Weights=random",
            "--Teacher:InputSize=32",
            "--Batching:MaxBatch=1"
        );
        using var channel = service.Open();
        Assert.All(await LabelGrayAsync(new Teacher.TeacherClient(channel)), logit => Assert.True(Half.IsFinite(logit)));
    }

    [Fact]
    public async Task Start_FileThatIsNoTorchScript_SaysWhatWasExpected()
    {
        using var folder = TestFiles.CreateFolder();
        File.WriteAllText(folder.File("script.pt"), "not a script");
        var error = await Assert.ThrowsAsync<TeacherException>(() =>
            RunningService.StartAsync(
                TeacherExtensions.BuildTeacherService,
                "--Teacher:Architecture=torchscript",
                "--Teacher:AllowScript=TRUE",
                $"--Teacher:Weights={folder.File("script.pt")}"
            )
        );
        Assert.Contains("torch.jit.save", error.Message);
        Assert.Contains("script.pt", error.Message);
    }

    [Theory]
    [InlineData("false")]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")]
    public void Load_ScriptThatIsNotAllowed_IsRefusedWithItsHash(string allowed)
    {
        using var folder = TestFiles.CreateFolder();
        File.WriteAllText(folder.File("script.pt"), "not a script");
        var options = new TeacherOptions
        {
            Architecture = NetworkLoader.TorchScript,
            Weights = folder.File("script.pt"),
            AllowScript = allowed,
        };

        var error = Assert.Throws<TeacherException>(() => NetworkLoader.Load(options, 10));
        // SHA-256 of the file's text.
        const string hash = "bb50827845049618ccce85483ac1be0cc3a545a92fcb29c44713da33af25d419";
        Assert.Contains($"Teacher:AllowScript={hash}", error.Message);
        options.AllowScript = hash;
        Assert.Contains("torch.jit.save", Assert.Throws<TeacherException>(() => NetworkLoader.Load(options, 10)).Message);
    }

    // A hundred bytes that claim eight million classes: the network would take 64 GB.
    [Fact]
    public void Load_LastLayerWithoutItsRows_IsRefusedBeforeTheNetworkIsCreated()
    {
        using var folder = TestFiles.CreateFolder();
        var last = new TensorData(ScalarType.Float32, [8_000_000, 0], default);
        SafetensorsFile.Write(folder.File("a"), new Dictionary<string, TensorData> { ["fc.weight"] = last });

        var error = Assert.Throws<TeacherException>(() => NetworkLoader.Load(new TeacherOptions { Architecture = "resnet50", Weights = folder.File("a") }, 10));

        Assert.Contains("[8000000, 0], expected [classes, 2048] for resnet50", error.Message);
        Assert.EndsWith("Teacher:Architecture is 'resnet50': name the network that this file belongs to.", error.Message);
    }

    [Theory]
    [InlineData("resnet18")]
    [InlineData("resnet34")]
    [InlineData("resnet50")]
    [InlineData("cifar-resnet20")]
    [InlineData("mobilenet_v2")]
    [InlineData("mobilenet_v3_small")]
    [InlineData("mobilenet_v3_large")]
    [InlineData("efficientnet_b0")]
    [InlineData("shufflenet_v2_x1_0")]
    [InlineData("shufflenet_v2_x2_0")]
    public void Features_Architecture_AreThoseOfItsLastLayer(string architecture)
    {
        using var network = ModelCatalog.Create(architecture, 3, seed: 1);
        Assert.Equal([3, ModelCatalog.Features(architecture)], network.parameters().Last(parameter => parameter.dim() == 2).shape);
    }

    [Theory]
    [InlineData("mobilenet_v2", 0.35)]
    [InlineData("mobilenet_v2", 1.5)]
    [InlineData("mobilenet_v3_small", 0.35)]
    [InlineData("mobilenet_v3_large", 0.5)]
    [InlineData("efficientnet_b0", 0.35)]
    public void Features_Width_AreThoseOfItsLastLayer(string architecture, double width)
    {
        using var network = ModelCatalog.Create(architecture, 3, seed: 1, width);
        Assert.Equal([3, ModelCatalog.Features(architecture, width)], network.parameters().Last(parameter => parameter.dim() == 2).shape);
    }

    // Names and shapes of the weights are the same in both forms; only the metadata tell that the first strides are 1.
    [Fact]
    public void Load_StudentOfSmallPictures_IsServedInItsForm()
    {
        using var folder = TestFiles.CreateFolder();
        using var student = ModelCatalog.Create("mobilenet_v2", 3, seed: 1, width: 0.35, smallImages: true);
        var metadata = new NetworkForm(0.35, SmallImages: true, 32).Metadata.ToDictionary();
        SafetensorsFile.Write(folder.File("student.safetensors"), ModuleState.Save(student), metadata);
        SafetensorsFile.Write(
            folder.File("standard.safetensors"),
            ModuleState.Save(student),
            new NetworkForm(0.35, SmallImages: false, 32).Metadata.ToDictionary()
        );
        SafetensorsFile.Write(folder.File("wrong.safetensors"), ModuleState.Save(student), new Dictionary<string, string>(metadata) { ["width"] = "1e9" });

        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var images = randn(2, 3, 32, 32);
        student.eval();
        var expected = student.call(images).data<float>().ToArray();
        var served = Load("student.safetensors");
        served.Module.eval();

        Assert.Equal(expected, ((nn.Module<Tensor, Tensor>)served.Module).call(images).data<float>().ToArray());
        Assert.Equal(32, served.TrainedSide);
        Assert.NotEqual(served.Hash, Load("standard.safetensors").Hash);
        Assert.Contains("its metadata have the width '1e9'", Assert.Throws<CheckpointException>(() => Load("wrong.safetensors")).Message);

        TorchNetwork Load(string name) =>
            (TorchNetwork)NetworkLoader.Load(new TeacherOptions { Architecture = "mobilenet_v2", Weights = folder.File(name) }, 3);
    }

    private static async Task<Half[]> LabelGrayAsync(Teacher.TeacherClient client)
    {
        var pixels = new byte[3 * 32 * 32];
        Array.Fill(pixels, (byte)128);
        var request = new LabelRequest
        {
            ViewIds = Google.Protobuf.ByteString.CopyFrom(new byte[16]),
            Pixels = Google.Protobuf.ByteString.CopyFrom(pixels),
            Height = 32,
            Width = 32,
        };
        var reply = await client.LabelAsync(request);
        return System.Runtime.InteropServices.MemoryMarshal.Cast<byte, Half>(reply.Logits.Span).ToArray();
    }

    private static Task WriteScriptAsync(string path) =>
        PythonProgram.RunAsync(
            $$"""
            import torch
            class Teacher(torch.nn.Module):
                def forward(self, x):
                    return x.mean(dim=(1, 2, 3)).unsqueeze(1) * torch.arange(24, dtype=torch.float32)
            torch.jit.save(torch.jit.trace(Teacher(), torch.zeros(2, 3, 32, 32)), r"{{path}}")
            """
        );
}
