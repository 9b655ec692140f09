using Grpc.Core;
using Kd.Tests;
using Microsoft.AspNetCore.Builder;

namespace Kd.ServiceDefaults.Tests.Security;

public sealed class ServiceKeyTests
{
    private static readonly Marshaller<string> s_text = new(System.Text.Encoding.UTF8.GetBytes, System.Text.Encoding.UTF8.GetString);

    public static TheoryData<MethodType> CallTypes => [.. Enum.GetValues<MethodType>()];

    [Theory]
    [MemberData(nameof(CallTypes))]
    public async Task Call_WithoutTheKeyOrWithAnother_IsUnauthenticatedAndNeverRuns(MethodType type)
    {
        await using var service = await RunningService.StartAsync(Build);
        using var channel = service.Open();
        var runs = EchoService.Runs;
        foreach (var options in new[] { default, RunningService.WithKey("another-key-of-enough-letters") })
        {
            var error = await Assert.ThrowsAsync<RpcException>(() => CallAsync(channel.CreateCallInvoker(), type, options));
            Assert.Equal(StatusCode.Unauthenticated, error.StatusCode);
        }

        Assert.Equal(runs, EchoService.Runs);
        Assert.Equal("echo", await CallAsync(channel.CreateCallInvoker(), type, RunningService.WithKey()));
        Assert.Equal(runs + 1, EchoService.Runs);
    }

    private static async Task<string> CallAsync(CallInvoker invoker, MethodType type, CallOptions options)
    {
        var method = EchoService.MethodOf(type);
        switch (type)
        {
            case MethodType.Unary:
                return await invoker.AsyncUnaryCall(method, null, options, "echo");
            case MethodType.ServerStreaming:
                using (var call = invoker.AsyncServerStreamingCall(method, null, options, "echo"))
                    return await call.ResponseStream.MoveNext(CancellationToken.None) ? call.ResponseStream.Current : "";
            case MethodType.ClientStreaming:
                using (var call = invoker.AsyncClientStreamingCall(method, null, options))
                {
                    // The call may already have been rejected; its status shows that.
                    await Task.WhenAny(call.RequestStream.WriteAsync("echo"));
                    await Task.WhenAny(call.RequestStream.CompleteAsync());
                    return await call.ResponseAsync;
                }

            default:
                using (var call = invoker.AsyncDuplexStreamingCall(method, null, options))
                {
                    await Task.WhenAny(call.RequestStream.WriteAsync("echo"));
                    await Task.WhenAny(call.RequestStream.CompleteAsync());
                    return await call.ResponseStream.MoveNext(CancellationToken.None) ? call.ResponseStream.Current : "";
                }
        }
    }

    private static WebApplication Build(string[] args)
    {
        var app = ServiceDefaultsExtensions.CreateService(args).AddGrpcDefaults().Build();
        app.MapGrpcService<EchoService>();
        return app;
    }

    /// <summary>A service with one method of each call type, which returns the text that it receives.</summary>
    [BindServiceMethod(typeof(EchoService), nameof(Bind))]
    private class EchoService
    {
        private static int s_runs;

        public static int Runs => s_runs;

        public static Method<string, string> MethodOf(MethodType type) => new(type, "kd.tests.Echo", type.ToString(), s_text, s_text);

        public static void Bind(ServiceBinderBase binder, EchoService? service)
        {
            // The server finds the virtual methods by their names and ignores the delegates.
            binder.AddMethod(MethodOf(MethodType.Unary), default(UnaryServerMethod<string, string>)!);
            binder.AddMethod(MethodOf(MethodType.ServerStreaming), default(ServerStreamingServerMethod<string, string>)!);
            binder.AddMethod(MethodOf(MethodType.ClientStreaming), default(ClientStreamingServerMethod<string, string>)!);
            binder.AddMethod(MethodOf(MethodType.DuplexStreaming), default(DuplexStreamingServerMethod<string, string>)!);
        }

        public virtual Task<string> Unary(string request, ServerCallContext context)
        {
            Interlocked.Increment(ref s_runs);
            return Task.FromResult(request);
        }

        public virtual Task ServerStreaming(string request, IServerStreamWriter<string> responses, ServerCallContext context)
        {
            Interlocked.Increment(ref s_runs);
            return responses.WriteAsync(request);
        }

        public virtual async Task<string> ClientStreaming(IAsyncStreamReader<string> requests, ServerCallContext context)
        {
            Interlocked.Increment(ref s_runs);
            return await requests.MoveNext() ? requests.Current : "";
        }

        public virtual async Task DuplexStreaming(IAsyncStreamReader<string> requests, IServerStreamWriter<string> responses, ServerCallContext context)
        {
            Interlocked.Increment(ref s_runs);
            if (await requests.MoveNext())
                await responses.WriteAsync(requests.Current);
        }
    }
}
