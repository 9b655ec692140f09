using System.Runtime.InteropServices;
using Google.Protobuf;
using Grpc.Core;
using Kd.Core.Randomness;
using Kd.Protocol.Teacher.V1;
using Kd.Settings;
using Kd.TeacherService.Hosting;
using Kd.TeacherService.Model;
using Kd.TeacherService.Model.OnnxParts;
using Kd.Tests;
using Kd.Vision.Models;
using Kd.Vision.Runtime;
using Kd.Vision.Views;
using static TorchSharp.torch;

namespace Kd.TeacherService.Tests.Model;

public sealed class OnnxTeacherTests : IDisposable
{
    private const int Side = 32;

    // Classes of the demo, the default dataset.
    private const int Classes = 24;
    private readonly TemporaryFolder _folder = TestFiles.CreateFolder();

    public OnnxTeacherTests() => TorchRuntime.EnsureLoaded();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("N,3,H,W")]
    [InlineData("N,3,32,32")]
    [InlineData("3,3,32,32")]
    [InlineData("1,3,H,W")]
    public async Task Label_BatchAndSizeAsTheFileHasThem_ReturnsTheFormulasLogits(string shape)
    {
        var path = new OnnxModel(Classes, shape).Save(_folder.File("teacher.onnx"));
        await using var service = await StartAsync(path);
        using var channel = service.Open();
        var client = new Teacher.TeacherClient(channel);

        var description = await client.DescribeAsync(new DescribeRequest());
        Assert.Equal(("onnx", Side, 3 * Classes), (description.Architecture, description.InputSize, description.Parameters));
        AssertFormula(Normalization.Mean, Normalization.StandardDeviation, await LabelAsync(client, Colors(7)));
    }

    // The same bits in any row, beside any neighbors.
    [Theory]
    [InlineData(null)]
    [InlineData("cifar-resnet20")]
    [InlineData("resnet18")]
    [InlineData("resnet50")]
    [InlineData("mobilenet_v2")]
    [InlineData("mobilenet_v3_small")]
    public void Run_OtherRowsAndNeighbors_GivesTheSameBits(string? architecture)
    {
        using var loaded = architecture is null ? OpenFixedBatch() : Create(architecture);
        var form = new PassForm("cpu", 8, ChannelStatistics.ImageNet);
        using var engine = loaded.Start(new TeacherOptions { Engine = TeacherEngine.Onnx, Weights = _folder.File("teacher.onnx") }, form);
        var view = ViewRenderer.ByteCount(Side);
        byte[] pixels = [.. Enumerable.Range(0, 8 * view).Select(i => (byte)(CounterRandom.Mix(1, (ulong)i) >> 56))];
        var logits = engine.Run(pixels, 8, Side);
        Assert.Equal(8, logits.Chunk(Classes).Select(row => string.Join(' ', row)).Distinct().Count());
        for (var shift = 1; shift < 8; shift++)
        {
            byte[] turned = [.. pixels[(shift * view)..], .. pixels[..(shift * view)]];
            Assert.Equal(logits[(shift * Classes)..], engine.Run(turned, 8 - shift, Side));
        }
    }

    // The logits of a teacher are those of its id, which does not name the number of threads.
    [Theory]
    [InlineData("resnet50")]
    [InlineData("mobilenet_v2")]
    public void Run_OtherThreads_GivesTheSameBits(string architecture)
    {
        byte[] pixels = [.. Enumerable.Range(0, 8 * ViewRenderer.ByteCount(Side)).Select(i => (byte)(CounterRandom.Mix(1, (ulong)i) >> 56))];
        var runs = new[] { 1, 2, 3 }.Select(threads =>
        {
            using var engine = Create(architecture)
                .Start(new TeacherOptions { Architecture = architecture, Threads = threads }, new PassForm("cpu", 8, ChannelStatistics.ImageNet));
            return engine.Run(pixels, 8, Side);
        });
        var logits = Assert.Single(runs.Select(values => string.Join(' ', values)).Distinct());
        Assert.InRange(logits.Split(' ').Distinct().Count(), 4 * Classes, 8 * Classes);
    }

    [Theory]
    [InlineData("onnx 1", "resnet18")]
    [InlineData("onnx 1", "mobilenet_v2")]
    [InlineData("form 1", "resnet18", TeacherEngine.Torch)]
    [InlineData("form 1", "resnet18", TeacherEngine.Auto, TeacherPrecision.BFloat16)]
    [InlineData("form 1", "cifar-resnet20")]
    [InlineData("onnx 1", "cifar-resnet20", TeacherEngine.Onnx)]
    public void Start_Auto_TakesTheFasterEngine(
        string form,
        string architecture,
        TeacherEngine engine = TeacherEngine.Auto,
        TeacherPrecision precision = TeacherPrecision.Float32
    )
    {
        var options = new TeacherOptions
        {
            Architecture = architecture,
            Engine = engine,
            Precision = precision,
        };
        using var started = Create(architecture).Start(options, new PassForm("cpu", 4, ChannelStatistics.ImageNet));
        Assert.Equal(form, started.FormName);
    }

    [Fact]
    public void Start_NetworkOfTheCatalogInOnnxRuntime_GivesTorchsLogits()
    {
        using var loaded = Create("resnet18");
        var form = new PassForm("cpu", 4, ChannelStatistics.ImageNet);
        var check = SelfCheck.Prepare(loaded, 64, form.Statistics);
        var map = new ClassMap([.. Enumerable.Range(0, Classes).Select(i => $"{i}")], null, Classes);
        var engine = loaded.Start(new TeacherOptions { Engine = TeacherEngine.Onnx }, form);
        using var model = new TeacherModel(engine, new TeacherDescription("", "resnet18", "random", "float32", 0, 64), map, 4);
        Assert.InRange(check.Run(model, TeacherPrecision.Float32).Difference, 0, 0.01);
    }

    [Fact]
    public async Task Label_StatisticsInMetadata_AreUsed()
    {
        var path = new OnnxModel(Classes).With("mean", "0.5,0.25,0.5").With("std", "[0.5, 0.5, 0.25]").Save(_folder.File("teacher.onnx"));
        await using var service = await StartAsync(path);
        using var channel = service.Open();
        AssertFormula([0.5f, 0.25f, 0.5f], [0.5f, 0.5f, 0.25f], await LabelAsync(new Teacher.TeacherClient(channel), Colors(4)));
    }

    // Height and width are dynamic by name only, as in many exports of ViT.
    [Fact]
    public async Task Label_NetworkOfOneSizeWithDynamicNames_RefusesOtherSizes()
    {
        var path = new OnnxModel(Classes).WithOneSize(64).Save(_folder.File("teacher.onnx"));
        await using var service = await StartAsync(path, "--Teacher:InputSize=64");
        using var channel = service.Open();
        var error = await Assert.ThrowsAsync<RpcException>(() => LabelAsync(new Teacher.TeacherClient(channel), Colors(1)));
        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Contains("64 px only", error.Status.Detail);
    }

    [Fact]
    public async Task Label_UnusableMetadata_GivesWayToTheOptions()
    {
        var path = new OnnxModel(Classes).With("mean", "124 116 104").With("std", "58 57 57").Save(_folder.File("teacher.onnx"));
        await using var service = await StartAsync(path, "--Teacher:Mean=0.5,0.5,0.5", "--Teacher:StandardDeviation=0.5,0.5,0.5");
        using var channel = service.Open();
        AssertFormula([0.5f, 0.5f, 0.5f], [0.5f, 0.5f, 0.5f], await LabelAsync(new Teacher.TeacherClient(channel), Colors(2)));
    }

    [Fact]
    public async Task Label_StatisticsInOptions_WinOverTheFilesAndChangeTheId()
    {
        var path = new OnnxModel(Classes).With("mean", "0.5,0.5,0.5").With("std", "0.5,0.5,0.5").Save(_folder.File("teacher.onnx"));
        await using var first = await StartAsync(path);
        await using var second = await StartAsync(path, "--Teacher:Mean=0.1,0.2,0.3", "--Teacher:StandardDeviation=1,1,2");
        using var channel = first.Open();
        using var other = second.Open();
        AssertFormula([0.1f, 0.2f, 0.3f], [1, 1, 2], await LabelAsync(new Teacher.TeacherClient(other), Colors(4)));
        Assert.NotEqual(
            (await new Teacher.TeacherClient(channel).DescribeAsync(new DescribeRequest())).TeacherId,
            (await new Teacher.TeacherClient(other).DescribeAsync(new DescribeRequest())).TeacherId
        );
    }

    [Fact]
    public async Task Label_InputOfBytes_IsNotNormalized()
    {
        var path = new OnnxModel(Classes).WithBytes().Save(_folder.File("teacher.onnx"));
        await using var service = await StartAsync(path);
        using var channel = service.Open();
        // Means of 0 to 255.
        AssertFormula([0, 0, 0], [1 / 255f, 1 / 255f, 1 / 255f], await LabelAsync(new Teacher.TeacherClient(channel), Colors(4)));
    }

    [Fact]
    public async Task Start_MoreClassesThanTheDataset_AreCutByName()
    {
        var names = Enumerable.Range(0, 3).Select(i => $"other{i}").Concat(DemoClasses.Reverse());
        var path = new OnnxModel(Classes + 3).With("classes", string.Join('\n', names)).Save(_folder.File("teacher.onnx"));
        await using var service = await StartAsync(path);
        using var channel = service.Open();
        var logits = await LabelAsync(new Teacher.TeacherClient(channel), Colors(1));
        for (var c = 0; c < Classes; c++)
            Assert.Equal(Formula(Classes + 2 - c, 0, Normalization.Mean, Normalization.StandardDeviation), (double)logits[c], 0.01);
    }

    [Fact]
    public async Task Start_WeightsInAFileBeside_AreReadAndPartOfTheId()
    {
        var path = new OnnxModel(Classes).WithExternalWeights("weights.bin", _folder.File("weights.bin")).Save(_folder.File("teacher.onnx"));
        var before = OnnxFiles.Read(path).Hash();
        await using (var service = await StartAsync(path))
        {
            using var channel = service.Open();
            AssertFormula(Normalization.Mean, Normalization.StandardDeviation, await LabelAsync(new Teacher.TeacherClient(channel), Colors(3)));
        }

        using (var weights = File.OpenWrite(_folder.File("weights.bin")))
            weights.WriteByte(7);
        Assert.NotEqual(before, OnnxFiles.Read(path).Hash());
    }

    [Fact]
    public void Read_WeightsOfAnInnerGraph_AreFound()
    {
        var location = new StringStringEntryProto { Key = "location", Value = "inner.bin" };
        var inner = new GraphProto { Initializer = { new TensorProto { ExternalData = { location } } } };
        var attribute = new AttributeProto { G = inner };
        var model = new ModelProto { Graph = new GraphProto { Node = { new NodeProto { Attribute = { attribute } } } } };
        var function = new ModelProto { Functions = { new FunctionProto { AttributeProto = { attribute } } } };
        foreach (var proto in new[] { model, function })
        {
            File.WriteAllBytes(_folder.File("teacher.onnx"), proto.ToByteArray());
            Assert.Contains("inner.bin", Assert.Throws<TeacherException>(() => OnnxFiles.Read(_folder.File("teacher.onnx"))).Message);
        }
    }

    public static TheoryData<string, string[]> Unusable =>
        new()
        {
            { "two outputs", ["2 outputs (logits, means)", "one output of logits"] },
            { "softmax", ["probabilities", "without its softmax"] },
            { "channels last", ["[any, 32, 32, 3]", "channels first"] },
            { "oblong", ["[any, 3, 32, 64]"] },
            { "text", ["is not an ONNX file", "teacher.onnx"] },
            { "missing weights", ["needs the file 'weights.bin'"] },
            { "weights elsewhere", ["'../weights.bin'", "outside its folder"] },
            { "other size", ["Teacher:InputSize is 64 px", "32 px only"] },
            { "statistics", ["'0.5' and '0.5,0.5,0.5'", "three numbers each"] },
            { "statistics of 0 to 255", ["on a scale of 0 to 1"] },
            { "half of the statistics", ["Teacher:Mean and Teacher:StandardDeviation", "belong together"] },
            { "half of the metadata", ["metadata mean and std", "belong together"] },
            { "statistics for bytes", ["normalizes by itself"] },
            { "neighbors", ["depend on the other pictures", "model.eval()"] },
            { "torch", ["Teacher:Engine is Torch"] },
            { "large batch", ["[2000, 3, any, any]", "up to 1024"] },
            { "precision", ["Teacher:Precision is BFloat16", "Float32"] },
            { "gpu", ["-p:Onnx=cuda"] },
        };

    [Theory]
    [MemberData(nameof(Unusable))]
    public async Task Start_FileThatCannotServe_SaysWhyAndWhatWasExpected(string problem, string[] expected)
    {
        Directory.CreateDirectory(_folder.File("model"));
        var path = _folder.File("model/teacher.onnx");
        var model = problem switch
        {
            "two outputs" => new OnnxModel(Classes).WithSecondOutput(),
            "softmax" => new OnnxModel(Classes).WithSoftmax(),
            "channels last" => new OnnxModel(Classes, "N,32,32,3").WithChannelsLast(),
            "oblong" => new OnnxModel(Classes, "N,3,32,64"),
            "missing weights" => new OnnxModel(Classes).WithExternalWeights("weights.bin", null),
            "weights elsewhere" => new OnnxModel(Classes).WithExternalWeights("../weights.bin", _folder.File("weights.bin")),
            "half of the metadata" => new OnnxModel(Classes).With("std", "0.5,0.5,0.5"),
            "statistics for bytes" => new OnnxModel(Classes).WithBytes(),
            "neighbors" => new OnnxModel(Classes).WithBatchMaximum(),
            "large batch" => new OnnxModel(Classes, "2000,3,H,W"),
            "other size" => new OnnxModel(Classes, "N,3,32,32"),
            _ => new OnnxModel(Classes),
        };
        model.Save(path);
        if (problem == "text")
            File.WriteAllText(path, "not a model");
        string[] settings = problem switch
        {
            "other size" => ["--Teacher:InputSize=64"],
            "statistics" => ["--Teacher:Mean=0.5", "--Teacher:StandardDeviation=0.5,0.5,0.5"],
            "statistics of 0 to 255" => ["--Teacher:Mean=123.7,116.3,103.5", "--Teacher:StandardDeviation=58.4,57.1,57.4"],
            "half of the statistics" => ["--Teacher:Mean=0.5,0.5,0.5"],
            "statistics for bytes" => ["--Teacher:Mean=0.5,0.5,0.5", "--Teacher:StandardDeviation=0.5,0.5,0.5"],
            "torch" => ["--Teacher:Engine=Torch"],
            "precision" => ["--Teacher:Precision=BFloat16"],
            "gpu" => ["--Teacher:Device=cuda:0"],
            _ => [],
        };

        var error = await Assert.ThrowsAsync<TeacherException>(() => StartAsync(path, settings));
        Assert.All(expected, text => Assert.Contains(text, error.Message));
    }

    [Fact]
    public async Task Label_ViewsOfAnotherSizeThanTheFilesOwn_AreRefusedWithTheRemedy()
    {
        var path = new OnnxModel(Classes, "N,3,64,64").Save(_folder.File("teacher.onnx"));
        await using var service = await StartAsync(path, "--Teacher:InputSize=0");
        using var channel = service.Open();
        var error = await Assert.ThrowsAsync<RpcException>(() => LabelAsync(new Teacher.TeacherClient(channel), Colors(1)));
        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Contains("64 px only; set Views:Size=64", error.Status.Detail);
    }

    private static IReadOnlyList<string> DemoClasses => Vision.Datasets.DatasetLoader.ReadClassNames("demo");

    private static TorchNetwork Create(string architecture)
    {
        var network = ModelCatalog.Create(architecture, Classes, seed: 1);
        // Their own initial weights would let the logits of a MobileNet vanish.
        using var _ = no_grad();
        manual_seed(1);
        foreach (var weight in network.parameters().Where(weight => weight.dim() == 4))
            nn.init.kaiming_normal_(weight, mode: nn.init.FanInOut.FanIn);
        return new TorchNetwork(network, network, Classes, null, []);
    }

    private LoadedNetwork OpenFixedBatch()
    {
        new OnnxModel(Classes, "3,3,32,32").Save(_folder.File("teacher.onnx"));
        return OnnxNetwork.Load(new TeacherOptions { Architecture = NetworkLoader.Onnx, Weights = _folder.File("teacher.onnx") }, null);
    }

    private static Task<RunningService> StartAsync(string path, params string[] settings) =>
        RunningService.StartAsync(
            TeacherExtensions.BuildTeacherService,
            ["--Teacher:Architecture=onnx", $"--Teacher:Weights={path}", "--Batching:MaxBatch=4", $"--Teacher:InputSize={Side}", .. settings]
        );

    // Pictures of one color each, different in every channel.
    private static List<byte[]> Colors(int count) =>
        [.. Enumerable.Range(0, count).Select(i => Enumerable.Range(0, 3).SelectMany(k => Enumerable.Repeat(ColorOf(i, k), Side * Side)).ToArray())];

    private static byte ColorOf(int picture, int channel) => (byte)(20 + 23 * picture + 31 * channel);

    private static async Task<Half[]> LabelAsync(Teacher.TeacherClient client, List<byte[]> views)
    {
        var ids = new byte[views.Count * ViewId.Length];
        for (var i = 0; i < views.Count; i++)
            new ViewId((UInt128)i + 1).CopyTo(ids.AsSpan(i * ViewId.Length));
        var reply = await client.LabelAsync(
            new LabelRequest
            {
                ViewIds = ByteString.CopyFrom(ids),
                Pixels = ByteString.CopyFrom([.. views.SelectMany(view => view)]),
                Height = Side,
                Width = Side,
            }
        );
        return MemoryMarshal.Cast<byte, Half>(reply.Logits.Span).ToArray();
    }

    private static void AssertFormula(IReadOnlyList<float> mean, IReadOnlyList<float> deviation, Half[] logits)
    {
        for (var i = 0; i < logits.Length; i++)
        {
            var (picture, c) = Math.DivRem(i, Classes);
            var expected = Formula(c, picture, mean, deviation);
            // float16 has 11 bits.
            Assert.Equal(expected, (double)logits[i], Math.Max(1e-3, Math.Abs(expected) / 1000));
        }
    }

    private static double Formula(int c, int picture, IReadOnlyList<float> mean, IReadOnlyList<float> deviation) =>
        Enumerable.Range(0, 3).Sum(k => OnnxModel.WeightOf(c, k) * (ColorOf(picture, k) / 255.0 - mean[k]) / deviation[k]);
}
