using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using Grpc.Core;
using Grpc.Net.Client;
using Kd.ServiceDefaults.Connections;
using Kd.ServiceDefaults.Security;
using Kd.Tests;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Kd.ServiceDefaults.Tests.Security;

/// <summary>Tests that only programs with the same key reach each other, over real sockets.</summary>
public sealed class ServiceKeyTests
{
    private static readonly Marshaller<string> s_text = new(Encoding.UTF8.GetBytes, Encoding.UTF8.GetString);
    private static readonly Method<string, string> s_echo = new(MethodType.Unary, "kd.tests.Echo", "Unary", s_text, s_text);

    [Theory]
    [InlineData("no TLS")]
    [InlineData("no certificate")]
    [InlineData("another key")]
    public async Task Call_WithoutTheKeyOrWithAnother_NeverReachesTheService(string caller)
    {
        await using var service = await RunningService.StartAsync(Build);
        using var another = new ServiceCertificate("another-key-of-enough-letters");
        using var handler = new SocketsHttpHandler
        {
            SslOptions = caller == "another key" ? another.CreateClientOptions() : new SslClientAuthenticationOptions(),
        };
        // Such a caller accepts any service.
        handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true;
        var address = caller == "no TLS" ? service.Grpc : new UriBuilder(service.Grpc) { Scheme = "https" }.Uri;
        using var channel = GrpcChannel.ForAddress(address, new GrpcChannelOptions { HttpHandler = handler });
        var runs = EchoService.Runs;

        await Assert.ThrowsAsync<RpcException>(() => CallAsync(channel.CreateCallInvoker()));

        Assert.Equal(runs, EchoService.Runs);
        using var known = service.Open();
        Assert.Equal("echo", await CallAsync(known.CreateCallInvoker()));
        Assert.Equal(runs + 1, EchoService.Runs);
    }

    // Another user's program that has taken the service's port must learn nothing, and its answers must not be believed.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Call_ProgramWithoutTheKeyHoldsThePort_IsUnprovenAndLearnsNothing(bool speaksTls)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var seen = new MemoryStream();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var impostor = ListenAsync(listener, seen, speaksTls, stop.Token);
        await using var service = await RunningService.StartAsync(Build);
        using var pool = await service
            .Services.GetRequiredService<GrpcChannelPoolFactory>()
            .OpenAsync($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}", 1, 1 << 20, TestContext.Current.CancellationToken);

        var error = await Assert.ThrowsAsync<RpcException>(() => CallAsync(pool.Next()));

        Assert.True(PatientCall.IsUnproven(error), error.ToString());
        await stop.CancelAsync();
        await Task.WhenAny(impostor);
        var text = Encoding.Latin1.GetString(seen.ToArray());
        if (!speaksTls)
            Assert.NotEmpty(text);
        Assert.DoesNotContain(RunningService.Key, text);
        Assert.DoesNotContain("kd.tests.Echo", text);
    }

    [Fact]
    public async Task Execute_ProgramThatNeverProvesTheKey_EndsAfterSomeAttempts()
    {
        var calls = 0;
        var patient = PatientCall.Create(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(5), TimeProvider.System, (_, _, _) => { });
        var status = new Status(StatusCode.Internal, "no", new HttpRequestException("no", new AuthenticationException()));

        await Assert.ThrowsAsync<RpcException>(async () =>
            await patient.ExecuteAsync(
                _ =>
                {
                    calls++;
                    throw new RpcException(status);
                },
                TestContext.Current.CancellationToken
            )
        );

        Assert.Equal(5, calls);
    }

    private static Task<string> CallAsync(CallInvoker invoker) =>
        invoker.AsyncUnaryCall(s_echo, null, new CallOptions(deadline: TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(20)), "echo").ResponseAsync;

    private static async Task ListenAsync(TcpListener listener, MemoryStream seen, bool speaksTls, CancellationToken cancellation)
    {
        using var certificate = new ServiceCertificate("a-key-that-the-impostor-has-made-up");
        while (true)
        {
            using var client = await listener.AcceptTcpClientAsync(cancellation);
            await using Stream stream = speaksTls ? new SslStream(client.GetStream()) : client.GetStream();
            var buffer = new byte[4096];
            try
            {
                if (stream is SslStream tls)
                    await tls.AuthenticateAsServerAsync(
                        new SslServerAuthenticationOptions
                        {
                            ServerCertificateContext = certificate.CreateClientOptions().ClientCertificateContext,
                            ClientCertificateRequired = true,
                            RemoteCertificateValidationCallback = (_, _, _, _) => true,
                        },
                        cancellation
                    );
                var count = await stream.ReadAsync(buffer, cancellation);
                seen.Write(buffer, 0, count);
                await stream.WriteAsync("HTTP/1.1 200 OK\r\n\r\n"u8.ToArray(), cancellation);
            }
            catch (Exception error) when (error is IOException or AuthenticationException)
            {
                // The client has broken off.
                seen.WriteByte((byte)'x');
            }
        }
    }

    private static WebApplication Build(string[] args)
    {
        var app = ServiceDefaultsExtensions.CreateService(args).AddGrpcDefaults().Build();
        app.MapGrpcService<EchoService>();
        return app;
    }

    /// <summary>A service that returns the text that it receives.</summary>
    [BindServiceMethod(typeof(EchoService), nameof(Bind))]
    private class EchoService
    {
        private static int s_runs;

        public static int Runs => s_runs;

        // The server finds the virtual method by its name and ignores the delegate.
        public static void Bind(ServiceBinderBase binder, EchoService? service) => binder.AddMethod(s_echo, default(UnaryServerMethod<string, string>)!);

        public virtual Task<string> Unary(string request, ServerCallContext context)
        {
            Interlocked.Increment(ref s_runs);
            return Task.FromResult(request);
        }
    }
}
