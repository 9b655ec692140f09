using System.Runtime.InteropServices;
using Google.Protobuf;
using Grpc.Core;
using Kd.Core.Randomness;
using Kd.Protocol.Teacher.V1;
using Kd.TeacherService.Hosting;
using Kd.Tests;
using Kd.Vision.Models;
using Kd.Vision.Views;
using static TorchSharp.torch;

namespace Kd.TeacherService.Tests.Grpc;

public sealed class TeacherGrpcTests
{
    private static readonly string[] s_settings =
    [
        "--Teacher:Architecture=cifar-resnet20",
        "--Teacher:Weights=random",
        "--Batching:MaxBatch=8",
        "--Teacher:LargestCall=20",
        "--Dataset:Path=demo",
    ];

    [Fact]
    public async Task Describe_WithTheKey_SaysWhatIsServed()
    {
        await using var service = await StartAsync();
        using var channel = service.Open();

        var reply = await new Teacher.TeacherClient(channel).DescribeAsync(new DescribeRequest());

        Assert.Equal(
            ("cifar-resnet20", "random", 24, 20, 270632L),
            (reply.Architecture, reply.Weights, reply.Classes.Count, reply.LargestCall, reply.Parameters)
        );
        Assert.Matches("^[0-9a-f]{32}$", reply.TeacherId);
    }

    [Fact]
    public async Task Label_ViewsOverSeveralPasses_GivesTheNetworksLogits()
    {
        await using var service = await StartAsync();
        using var channel = service.Open();
        var (request, pixels) = Request(13, 32);

        var reply = await new Teacher.TeacherClient(channel).LabelAsync(request);

        var actual = MemoryMarshal.Cast<byte, Half>(reply.Logits.Span).ToArray();
        using var scope = NewDisposeScope();
        using var network = ModelCatalog.Create("cifar-resnet20", 24, seed: 1);
        network.eval();
        var expected = network.call(Normalization.ToInput(pixels, 13, 32, CPU)).data<float>().ToArray();
        Assert.Equal((13 * 24, 24), (actual.Length, reply.Classes));
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, (float)pair.Second, 0.003 + 0.001 * Math.Abs(pair.First)));
    }

    [Theory]
    [InlineData("garnet")]
    [InlineData("redis-server")]
    public async Task Lookup_AfterLabel_GivesTheSameBitsAndNamesTheMissing(string kind)
    {
        using var redis = RedisServer.Start(kind);
        await using var service = await StartAsync($"--ConnectionStrings:cache=127.0.0.1:{redis.Port}");
        using var channel = service.Open();
        var client = new Teacher.TeacherClient(channel);
        var (request, _) = Request(5, 32);
        var asked = new LookupRequest { ViewIds = ByteString.CopyFrom([.. Ids(100, 1), .. request.ViewIds.ToByteArray(), .. Ids(200, 1)]) };

        var before = await client.LookupAsync(asked);
        var labelled = await client.LabelAsync(request);
        var after = await client.LookupAsync(asked);

        Assert.Equal(Enumerable.Range(0, 7), before.Missing);
        Assert.Equal([0, 6], after.Missing);
        Assert.Equal(labelled.Logits, after.Logits);
    }

    [Theory]
    [InlineData(0, 32, 0, "view_ids has 0 bytes")]
    [InlineData(21, 32, 0, "21 views, allowed are 20")]
    [InlineData(2, 32, -1, "pixels has 6143 bytes; 2 views of 32 px need 6144")]
    [InlineData(1, 4, 0, "height 4 and width 4")]
    [InlineData(1, 2048, 0, "height 2048 and width 2048")]
    public async Task Label_BadRequest_IsInvalidArgumentWithTheValue(int views, int size, int extraBytes, string expected)
    {
        await using var service = await StartAsync();
        using var channel = service.Open();
        var bytes = size > 1024 ? 0 : views * 3 * size * size + extraBytes;
        var request = new LabelRequest
        {
            ViewIds = ByteString.CopyFrom(Ids(0, views)),
            Pixels = ByteString.CopyFrom(new byte[bytes]),
            Height = size,
            Width = size,
        };

        var error = await Assert.ThrowsAsync<RpcException>(async () => await new Teacher.TeacherClient(channel).LabelAsync(request));

        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Contains(expected, error.Status.Detail);
    }

    [Fact]
    public async Task Health_LoadedTeacher_IsHealthyOverHttp1OnItsOwnPort()
    {
        await using var service = await StartAsync();
        using var http = new HttpClient();

        Assert.Equal("Healthy", await http.GetStringAsync(new Uri(service.Http, "/health")));
    }

    private static Task<RunningService> StartAsync(params string[] more) =>
        RunningService.StartAsync(TeacherExtensions.BuildTeacherService, [.. s_settings, .. more]);

    private static (LabelRequest Request, byte[] Pixels) Request(int views, int size)
    {
        var pixels = new byte[views * 3 * size * size];
        var random = new CounterRandom(5, 5);
        foreach (ref var value in pixels.AsSpan())
            value = (byte)random.NextInt32(256);
        return (
            new LabelRequest
            {
                ViewIds = ByteString.CopyFrom(Ids(0, views)),
                Pixels = ByteString.CopyFrom(pixels),
                Height = size,
                Width = size,
            },
            pixels
        );
    }

    private static byte[] Ids(int first, int count)
    {
        var ids = new byte[count * ViewId.Length];
        for (var i = 0; i < count; i++)
            new ViewId((UInt128)(ulong)(first + i + 1)).CopyTo(ids.AsSpan(i * ViewId.Length));
        return ids;
    }
}
