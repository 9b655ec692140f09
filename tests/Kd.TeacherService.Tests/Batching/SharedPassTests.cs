using System.Runtime.InteropServices;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Kd.Core.Randomness;
using Kd.Protocol.Teacher.V1;
using Kd.TeacherService.Batching;
using Kd.TeacherService.Hosting;
using Kd.Tests;
using Kd.Vision.Views;
using Microsoft.Extensions.DependencyInjection;

namespace Kd.TeacherService.Tests.Batching;

public sealed class SharedPassTests
{
    private const int Views = 48;
    private const int Side = 32;
    private const int Classes = 24;
    private static readonly byte[] s_pixels = Draw();

    // Random groups, random concurrency, two replicas: a view's logits must not depend on its batch or replica, to the bit.
    [Theory]
    [InlineData("Float32")]
    [InlineData("BFloat16")]
    public async Task Label_RandomGroupingsOnTwoReplicas_GivesTheSameBits(string precision)
    {
        await using var first = await StartAsync("--Batching:MaxBatch=8", $"--Teacher:Precision={precision}");
        await using var second = await StartAsync("--Batching:MaxBatch=8", $"--Teacher:Precision={precision}");
        using var firstChannel = first.Open();
        using var secondChannel = second.Open();
        var alone = new Half[Views][];
        for (var view = 0; view < Views; view++)
            alone[view] = (await LabelAsync(firstChannel, [view]))[0];
        Assert.True(alone.Select(row => row[0]).Distinct().Count() > 10, "the logits hardly differ");

        for (ulong round = 0; round < 12; round++)
        {
            var random = new CounterRandom(round, 7);
            var order = Enumerable.Range(0, Views).ToArray();
            random.Shuffle(order.AsSpan());
            var calls = new List<Task>();
            for (var start = 0; start < Views; )
            {
                var group = order[start..Math.Min(Views, start + 1 + random.NextInt32(20))];
                start += group.Length;
                var channel = random.NextInt32(2) == 0 ? firstChannel : secondChannel;
                calls.Add(
                    Task.Run(async () =>
                    {
                        var rows = await LabelAsync(channel, group);
                        for (var i = 0; i < group.Length; i++)
                            Assert.Equal(MemoryMarshal.AsBytes(alone[group[i]].AsSpan()).ToArray(), MemoryMarshal.AsBytes(rows[i].AsSpan()).ToArray());
                    })
                );
            }

            await Task.WhenAll(calls);
        }
    }

    [Fact]
    public async Task Label_FullQueue_IsResourceExhaustedWithARetryHint()
    {
        await using var service = await StartAsync("--Batching:MaxBatch=64", "--Batching:MaxDelay=00:00:05", "--Batching:LargestQueue=10");
        using var channel = service.Open();
        var waiting = LabelAsync(channel, [.. Enumerable.Range(0, 8)]);
        await UntilQueuedAsync(service, 8);

        var error = await Assert.ThrowsAsync<RpcException>(() => LabelAsync(channel, [20, 21, 22]));

        Assert.Equal(StatusCode.ResourceExhausted, error.StatusCode);
        Assert.Matches("^[1-9][0-9]*$", error.Trailers.GetValue("grpc-retry-pushback-ms"));
        Assert.Equal(8, (await waiting).Length);
    }

    [Fact]
    public async Task Label_DeadlinePasses_FreesTheQueue()
    {
        await using var service = await StartAsync("--Batching:MaxBatch=64", "--Batching:MaxDelay=00:00:08", "--Batching:LargestQueue=10");
        using var channel = service.Open();

        var error = await Assert.ThrowsAsync<RpcException>(() => LabelAsync(channel, [.. Enumerable.Range(0, 10)], TimeSpan.FromMilliseconds(300)));

        Assert.Equal(StatusCode.DeadlineExceeded, error.StatusCode);
        await Task.Delay(300, TestContext.Current.CancellationToken);
        // There is room again: the next views are queued and wait for their deadline too.
        error = await Assert.ThrowsAsync<RpcException>(() => LabelAsync(channel, [.. Enumerable.Range(20, 10)], TimeSpan.FromMilliseconds(300)));
        Assert.Equal(StatusCode.DeadlineExceeded, error.StatusCode);
    }

    [Fact]
    public async Task Stop_DuringRequests_AnswersThemAndRefusesNewOnes()
    {
        var service = await StartAsync("--Batching:MaxBatch=64", "--Batching:MaxDelay=00:00:05");
        using var channel = service.Open();
        var running = Enumerable.Range(0, 6).Select(i => LabelAsync(channel, [i, i + 10])).ToArray();
        await UntilQueuedAsync(service, 12);

        await service.DisposeAsync();

        Assert.All(await Task.WhenAll(running), rows => Assert.Equal(2, rows.Length));
        var error = await Assert.ThrowsAsync<RpcException>(() => LabelAsync(channel, [1], TimeSpan.FromSeconds(5)));
        Assert.Equal(StatusCode.Unavailable, error.StatusCode);
    }

    private static Task<RunningService> StartAsync(params string[] settings) =>
        RunningService.StartAsync(TeacherExtensions.BuildTeacherService, ["--Teacher:Architecture=cifar-resnet20", "--Teacher:Weights=random", .. settings]);

    private static async Task UntilQueuedAsync(RunningService service, int views)
    {
        var queue = service.Services.GetRequiredService<PassQueue>();
        while (queue.Length < views)
            await Task.Delay(5, TestContext.Current.CancellationToken);
    }

    private static async Task<Half[][]> LabelAsync(GrpcChannel channel, int[] views, TimeSpan? timeout = null)
    {
        var bytes = ViewRenderer.ByteCount(Side);
        var ids = new byte[views.Length * ViewId.Length];
        var pixels = new byte[views.Length * bytes];
        for (var i = 0; i < views.Length; i++)
        {
            new ViewId((UInt128)(ulong)(views[i] + 1)).CopyTo(ids.AsSpan(i * ViewId.Length));
            s_pixels.AsSpan(views[i] * bytes, bytes).CopyTo(pixels.AsSpan(i * bytes));
        }

        var request = new LabelRequest
        {
            ViewIds = ByteString.CopyFrom(ids),
            Pixels = ByteString.CopyFrom(pixels),
            Height = Side,
            Width = Side,
        };
        var options = timeout is { } limit ? new CallOptions(deadline: TimeProvider.System.GetUtcNow().UtcDateTime + limit) : default;
        var reply = await new Teacher.TeacherClient(channel).LabelAsync(request, options);
        return [.. MemoryMarshal.Cast<byte, Half>(reply.Logits.Span).ToArray().Chunk(Classes)];
    }

    private static byte[] Draw()
    {
        var pixels = new byte[Views * ViewRenderer.ByteCount(Side)];
        var random = new CounterRandom(3, 3);
        for (var i = 0; i < pixels.Length; i++)
            pixels[i] = (byte)random.NextInt32(256);
        return pixels;
    }
}
