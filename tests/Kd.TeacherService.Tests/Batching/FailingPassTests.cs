using System.Net;
using Google.Protobuf;
using Grpc.Core;
using Kd.Protocol.Teacher.V1;
using Kd.ServiceDefaults.Settings;
using Kd.TeacherService.Hosting;
using Kd.TeacherService.Model;
using Kd.Tests;
using Kd.Vision.Runtime;
using Kd.Vision.Views;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Kd.TeacherService.Tests.Batching;

/// <summary>Tests networks whose passes fail, hang or give no usable logits.</summary>
public sealed class FailingPassTests
{
    private const int Side = 32;

    // A white picture's logits exceed float16, those of the self-check's pictures do not.
    [Fact]
    public async Task Label_LogitsBeyondFloat16_NamesViewAndRemedyAndStoresNothing()
    {
        await using var service = await StartAsync(images => images.mean([1, 2, 3]).unsqueeze(1).Times(50_000));
        using var channel = service.Open();
        var client = new Teacher.TeacherClient(channel);

        var error = await Assert.ThrowsAsync<RpcException>(async () => await client.LabelAsync(Request((1, 255), (2, 128))));

        Assert.Equal(StatusCode.FailedPrecondition, error.StatusCode);
        Assert.Contains(new ViewId(1).ToString(), error.Status.Detail);
        Assert.Contains("Teacher:Precision=Float32", error.Status.Detail);
        var stored = await client.LookupAsync(new LookupRequest { ViewIds = Request((1, 0), (2, 0)).ViewIds });
        Assert.Equal([0, 1], stored.Missing);
        Assert.True(Half.IsFinite(BitConverter.ToHalf((await client.LabelAsync(Request((2, 128)))).Logits.Span)));
    }

    [Fact]
    public async Task Label_PassFails_IsUnavailableAndALaterOneSucceeds()
    {
        var fails = false;
        await using var service = await StartAsync(images => Volatile.Read(ref fails) ? throw new InvalidOperationException("CUDA error 700") : Means(images));
        using var channel = service.Open();
        var client = new Teacher.TeacherClient(channel);

        Volatile.Write(ref fails, true);
        var error = await Assert.ThrowsAsync<RpcException>(async () => await client.LabelAsync(Request((1, 7))));
        Volatile.Write(ref fails, false);

        Assert.Equal(StatusCode.Unavailable, error.StatusCode);
        Assert.Contains("CUDA error 700", error.Status.Detail);
        Assert.NotEmpty((await client.LabelAsync(Request((1, 7)))).Logits);
    }

    [Fact]
    public async Task Label_EveryPassFails_IsUnhealthyAndEndsTheProcess()
    {
        var fails = false;
        await using var service = await StartAsync(images => Volatile.Read(ref fails) ? throw new InvalidOperationException("broken") : Means(images));
        using var channel = service.Open();
        var client = new Teacher.TeacherClient(channel);
        Volatile.Write(ref fails, true);
        for (var i = 0; i < 3; i++)
            await Assert.ThrowsAsync<RpcException>(async () => await client.LabelAsync(Request(((ulong)i, 7))));

        await AssertEndsAsync(service, "3 forward passes failed");
    }

    [Fact]
    public async Task Label_PassHangs_IsUnhealthyAndEndsTheProcess()
    {
        var hangs = false;
        using var end = new ManualResetEventSlim();
        await using var service = await StartAsync(
            images =>
            {
                if (Volatile.Read(ref hangs))
                    end.Wait();
                return Means(images);
            },
            "--Batching:LongestPass=00:00:01"
        );
        using var channel = service.Open();
        Volatile.Write(ref hangs, true);
        var waiting = new Teacher.TeacherClient(channel).LabelAsync(Request((1, 7)));

        await AssertEndsAsync(service, "longer than Batching:LongestPass");
        end.Set();
        await waiting;
    }

    private static async Task AssertEndsAsync(RunningService service, string reason)
    {
        using var http = new HttpClient();
        var problem = service.Services.GetRequiredService<TeacherHost>();
        while (problem.Problem is null)
            await Task.Delay(20, TestContext.Current.CancellationToken);
        Assert.Contains(reason, problem.Problem);
        Assert.Equal(
            HttpStatusCode.ServiceUnavailable,
            (await http.GetAsync(new Uri(service.Http, "/health"), TestContext.Current.CancellationToken)).StatusCode
        );
        var stopping = service.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        while (!stopping.IsCancellationRequested)
            await Task.Delay(20, TestContext.Current.CancellationToken);
        Assert.Equal(1, service.Services.GetRequiredService<RunOutcome>().ExitCode);
    }

    private static Tensor Means(Tensor images) => images.mean([1, 2, 3]).unsqueeze(1);

    private static Task<RunningService> StartAsync(Func<Tensor, Tensor> logits, params string[] settings) =>
        RunningService.StartAsync(
            args =>
                TeacherExtensions.BuildTeacherService(
                    args,
                    (_, classes) =>
                    {
                        var factors = tensor([.. Enumerable.Range(1, classes).Select(number => 0.5f + 0.5f * number / classes)]).DetachFromDisposeScope();
                        var network = new FunctionNetwork(images => logits(images).mul(factors));
                        return new TorchNetwork(network, network, classes, null, [1], isScript: true);
                    }
                ),
            ["--Teacher:Architecture=cifar-resnet20", "--Teacher:Weights=random", "--Batching:MaxBatch=4", .. settings]
        );

    // Views of one gray value each.
    private static LabelRequest Request(params (ulong Id, byte Gray)[] views)
    {
        var ids = new byte[views.Length * ViewId.Length];
        for (var i = 0; i < views.Length; i++)
            new ViewId(views[i].Id).CopyTo(ids.AsSpan(i * ViewId.Length));
        return new LabelRequest
        {
            ViewIds = ByteString.CopyFrom(ids),
            Pixels = ByteString.CopyFrom([.. views.SelectMany(view => Enumerable.Repeat(view.Gray, ViewRenderer.ByteCount(Side)))]),
            Height = Side,
            Width = Side,
        };
    }

    private sealed class FunctionNetwork(Func<Tensor, Tensor> function) : Module<Tensor, Tensor>(nameof(FunctionNetwork))
    {
        public override Tensor forward(Tensor input)
        {
            using var scope = NewDisposeScope();
            return function(input).MoveToOuterDisposeScope();
        }
    }
}
