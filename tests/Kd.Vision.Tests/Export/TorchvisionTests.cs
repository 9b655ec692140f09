using System.Globalization;
using Kd.Tests;
using Kd.Vision.Checkpoints;
using Kd.Vision.Models;
using Kd.Vision.Runtime;
using Kd.Vision.Tests.Runtime;
using static TorchSharp.torch;

namespace Kd.Vision.Tests.Export;

[Collection(nameof(GlobalGenerator))]
public sealed class TorchvisionTests
{
    // Parses the file according to the format's specification, loads it strictly, and prints the logits of a picture of sines.
    private const string Program = """
        import json, struct, sys
        import torch, torchvision
        raw = open(sys.argv[1], "rb").read()
        (length,) = struct.unpack("<q", raw[:8])
        header = json.loads(raw[8:8 + length])
        types = {"F32": torch.float32, "I64": torch.int64}
        state = {}
        for name, entry in header.items():
            if name != "__metadata__":
                begin, end = entry["data_offsets"]
                state[name] = torch.frombuffer(bytearray(raw[8 + length + begin:8 + length + end]), dtype=types[entry["dtype"]]).reshape(entry["shape"])
        model = getattr(torchvision.models, sys.argv[2])(num_classes=10)
        print(model.load_state_dict(state, strict=True), file=sys.stderr)
        model.eval()
        with torch.no_grad():
            print(" ".join(repr(value) for value in model(torch.sin(torch.arange(3 * 64 * 64) * 0.01).reshape(1, 3, 64, 64))[0].tolist()))
        """;

    public TorchvisionTests() => TorchRuntime.EnsureLoaded();

    [Theory]
    [InlineData("mobilenet_v2")]
    [InlineData("mobilenet_v3_small")]
    [InlineData("mobilenet_v3_large")]
    [InlineData("efficientnet_b0")]
    [InlineData("shufflenet_v2_x0_5")]
    [InlineData("resnet18")]
    public async Task Write_Network_LoadsStrictlyInTorchvisionWithTheSameLogits(string architecture)
    {
        using var folder = TestFiles.CreateFolder();
        using var scope = NewDisposeScope();
        using var network = ModelCatalog.Create(architecture, 10, 5);
        network.train();
        network.call(randn(4, 3, 64, 64)).Dispose();
        network.eval();
        SafetensorsFile.Write(folder.File("student.safetensors"), ModuleState.Save(network));
        using var _ = no_grad();
        var expected = network.call(arange(3 * 64 * 64, ScalarType.Float32).mul(tensor(0.01f)).sin().reshape(1, 3, 64, 64)).data<float>().ToArray();

        var (output, errors) = await PythonProgram.RunAsync(Program, folder.File("student.safetensors"), architecture);

        Assert.Contains("All keys matched", errors);
        var actual = output.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(value => double.Parse(value, CultureInfo.InvariantCulture)).ToArray();
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-4));
    }
}
