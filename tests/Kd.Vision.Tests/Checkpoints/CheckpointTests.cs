using System.Runtime.InteropServices;
using System.Text;
using Kd.Core.Randomness;
using Kd.Tests;
using Kd.Vision.Checkpoints;
using Kd.Vision.Models;
using Kd.Vision.Runtime;
using static TorchSharp.torch;

namespace Kd.Vision.Tests.Checkpoints;

// The small .pth files were written by PyTorch 1.13: tiny_*: a state dict under a wrapper, every name with "module."; evil_*: with a call of os.system.
public sealed class CheckpointTests
{
    public CheckpointTests() => TorchRuntime.EnsureLoaded();

    [Theory]
    [InlineData("tiny_zip.pth")]
    [InlineData("tiny_legacy.pth")]
    public void Read_WrappedStateDictWithModulePrefix_GivesItsTensors(string name)
    {
        var tensors = Checkpoint.Read(Fixture(name)).Tensors;

        Assert.Equal(["weight", "bias", "counts", "half", "transposed"], tensors.Keys);
        Assert.Equal(Enumerable.Range(0, 12).Select(i => i / 8f), MemoryMarshal.Cast<byte, float>(tensors["weight"].Bytes.Span).ToArray());
        Assert.Equal([5L, 6L], MemoryMarshal.Cast<byte, long>(tensors["counts"].Bytes.Span).ToArray());
        Assert.Equal([(Half)0.5f, (Half)(-2f)], MemoryMarshal.Cast<byte, Half>(tensors["half"].Bytes.Span).ToArray());
        Assert.Equal([4L, 3], tensors["transposed"].Shape);
        Assert.Equal([0f, 0.5f, 1f], MemoryMarshal.Cast<byte, float>(tensors["transposed"].Bytes.Span)[..3].ToArray());
    }

    [Theory]
    [InlineData("evil_zip.pth")]
    [InlineData("evil_legacy.pth")]
    public void Read_FileThatCallsAFunction_IsRefusedByName(string name)
    {
        var error = Assert.Throws<CheckpointException>(() => Checkpoint.Read(Fixture(name)));
        Assert.Contains("posix.system", error.Message);
        Assert.False(File.Exists("/tmp/kd-evil"), "the file's code ran");
    }

    [Fact]
    public void Write_ThenRead_GivesTheSameTensors()
    {
        using var folder = TestFiles.CreateFolder();
        using var scope = NewDisposeScope();
        var tensors = new Dictionary<string, TensorData>
        {
            ["matrix"] = TensorData.From(arange(6, ScalarType.Float32).reshape(2, 3)),
            ["number"] = TensorData.From(tensor(7L)),
            ["empty"] = TensorData.From(zeros(0, 3)),
            ["strided"] = TensorData.From(arange(6, ScalarType.Float32).reshape(2, 3).t()),
        };

        SafetensorsFile.Write(folder.File("a.safetensors"), tensors, new Dictionary<string, string> { ["classes"] = "zebra\nÄffchen" });
        var read = Checkpoint.Read(folder.File("a.safetensors"));

        Assert.Equal(tensors.Keys, read.Tensors.Keys);
        foreach (var (name, expected) in tensors)
        {
            Assert.Equal((expected.Type, expected.ShapeText), (read.Tensors[name].Type, read.Tensors[name].ShapeText));
            Assert.Equal(expected.Bytes.ToArray(), read.Tensors[name].Bytes.ToArray());
        }

        Assert.Equal(["zebra", "Äffchen"], read.ClassNames!);
        Assert.Equal([0f, 3, 1, 4, 2, 5], MemoryMarshal.Cast<byte, float>(read.Tensors["strided"].Bytes.Span).ToArray());
    }

    [Theory]
    [InlineData("tiny_zip.pth")]
    [InlineData("tiny_legacy.pth")]
    [InlineData("tiny.safetensors")]
    public void Read_TruncatedAnywhere_IsACheckpointError(string name)
    {
        using var folder = TestFiles.CreateFolder();
        var whole = File.ReadAllBytes(Valid(folder, name));
        for (var length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(folder.File("cut"), whole[..length]);
            Assert.Throws<CheckpointException>(() => Checkpoint.Read(folder.File("cut")));
        }
    }

    [Theory]
    [InlineData("tiny_zip.pth")]
    [InlineData("tiny_legacy.pth")]
    [InlineData("tiny.safetensors")]
    public void Read_DamagedBytes_IsATensorFileOrACheckpointError(string name)
    {
        using var folder = TestFiles.CreateFolder();
        var whole = File.ReadAllBytes(Valid(folder, name));
        var refused = 0;
        for (ulong round = 0; round < 3000; round++)
        {
            var random = new CounterRandom(round, 0);
            var damaged = whole.ToArray();
            for (var i = 1 + random.NextInt32(4); i > 0; i--)
                damaged[random.NextInt32(random.NextInt32(2) == 0 ? Math.Min(400, damaged.Length) : damaged.Length)] = (byte)random.NextInt32(256);
            File.WriteAllBytes(folder.File("damaged"), damaged);
            try
            {
                Checkpoint.Read(folder.File("damaged"));
            }
            catch (CheckpointException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 500, 3000);
    }

    [Fact]
    public void Read_RandomBytes_IsACheckpointError()
    {
        using var folder = TestFiles.CreateFolder();
        for (ulong round = 0; round < 2000; round++)
        {
            var random = new CounterRandom(round, 1);
            var bytes = new byte[random.NextInt32(200)];
            for (var i = 0; i < bytes.Length; i++)
                bytes[i] = (byte)random.NextInt32(256);
            // Half of them look like a pickle or a zip at first.
            if (round % 4 == 0 && bytes.Length > 2)
                (bytes[0], bytes[1]) = (0x80, 2);
            if (round % 4 == 1 && bytes.Length > 4)
                "PK\u0003\u0004"u8.CopyTo(bytes);
            File.WriteAllBytes(folder.File("random"), bytes);
            Assert.Throws<CheckpointException>(() => Checkpoint.Read(folder.File("random")));
        }
    }

    [Fact]
    public void Read_HeaderThatPromisesTooMuch_IsRefusedBeforeAnythingIsAllocated()
    {
        using var folder = TestFiles.CreateFolder();
        var header = Encoding.UTF8.GetBytes("""{"a":{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,8]}}""");
        File.WriteAllBytes(folder.File("a"), [.. BitConverter.GetBytes((long)header.Length), .. header, .. new byte[8]]);
        Assert.Throws<CheckpointException>(() => Checkpoint.Read(folder.File("a")));
    }

    [Fact]
    public void Load_AnotherNetworksWeights_ListsMissingSurplusAndMisshapen()
    {
        using var scope = NewDisposeScope();
        using var source = ModelCatalog.Create("cifar-resnet20", 10, seed: 1);
        using var target = ModelCatalog.Create("cifar-resnet20", 7, seed: 1);
        var tensors = ModuleState.Save(source);
        tensors.Remove("bn1.weight");
        tensors["extra.weight"] = TensorData.From(zeros(2, 2));

        var error = Assert.Throws<CheckpointException>(() => ModuleState.Load(target, new Checkpoint("x.pth", tensors, new Dictionary<string, string>())));

        Assert.Contains("x.pth", error.Message);
        Assert.Contains("Missing (1): bn1.weight [16]", error.Message);
        Assert.Contains("Surplus (1): extra.weight [2, 2]", error.Message);
        Assert.Contains("Misshapen (2): linear.weight is [10, 64], expected [7, 64]", error.Message);
    }

    private static string Fixture(string name) => Path.Combine(AppContext.BaseDirectory, "Fixtures", name);

    private static string Valid(TemporaryFolder folder, string name)
    {
        if (name.EndsWith(".pth", StringComparison.Ordinal))
            return Fixture(name);
        using var scope = NewDisposeScope();
        var path = folder.File(name);
        SafetensorsFile.Write(
            path,
            new Dictionary<string, TensorData> { ["a"] = TensorData.From(arange(6, ScalarType.Float32)), ["b"] = TensorData.From(zeros(2, 2)) },
            new Dictionary<string, string> { ["classes"] = "x\ny" }
        );
        return path;
    }
}
