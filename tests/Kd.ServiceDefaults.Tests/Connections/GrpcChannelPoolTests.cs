using System.Diagnostics;
using System.Globalization;
using System.Text;
using Grpc.Core;
using Kd.ServiceDefaults.Connections;
using Kd.Tests;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Kd.ServiceDefaults.Tests.Connections;

/// <summary>Tests that a pool follows the addresses of real services on real sockets.</summary>
public sealed class GrpcChannelPoolTests
{
    private const string Waits = "waits";
    private static readonly Marshaller<string> s_text = new(Encoding.UTF8.GetBytes, Encoding.UTF8.GetString);
    private static readonly Method<string, string> s_port = new(MethodType.Unary, "kd.tests.Port", "Unary", s_text, s_text);

    [Fact]
    public async Task Next_ListInFileChanges_UsesTheNewServiceAndLeavesTheOldOneGently()
    {
        using var folder = TestFiles.CreateFolder();
        await using var one = await RunningService.StartAsync(Build);
        await using var other = await RunningService.StartAsync(Build);
        var list = folder.File("services");
        Write(list, $"{one.Grpc}");
        using var pool = await OpenAsync(one, new Uri(list).ToString());
        // Of another kind: a service with a call that is not answered gets no more of the same kind.
        var pending = CallAsync(pool, Waits);
        Assert.Equal([one.Grpc.Port], await PortsAsync(pool));

        Write(list, $"{one.Grpc}\n{other.Grpc}\n");
        await WaitForAsync(pool, [one.Grpc.Port, other.Grpc.Port]);
        Write(list, $"{other.Grpc}");
        await WaitForAsync(pool, [other.Grpc.Port]);

        // The call in progress is answered by the service that was removed.
        Assert.False(pending.IsCompleted);
        PortService.Release();
        Assert.Equal(one.Grpc.Port, await pending);
    }

    [Fact]
    public async Task Next_NoListYet_IsUnavailableUntilThereIsOne()
    {
        using var folder = TestFiles.CreateFolder();
        await using var service = await RunningService.StartAsync(Build);
        var list = folder.File("services");
        using var pool = await OpenAsync(service, new Uri(list).ToString());

        var error = await Assert.ThrowsAsync<RpcException>(() => CallAsync(pool));

        Assert.Equal(StatusCode.Unavailable, error.StatusCode);
        Assert.Contains(list, error.Status.Detail);
        Write(list, $"{service.Grpc}");
        await WaitForAsync(pool, [service.Grpc.Port]);
        // A list that cannot be read leaves the last one in force.
        File.Delete(list);
        await Task.Delay(TimeSpan.FromSeconds(3), TestContext.Current.CancellationToken);
        Assert.Equal([service.Grpc.Port], await PortsAsync(pool));
    }

    // A proxy assigns a replica when a connection is made.
    [Fact]
    public async Task Next_ReplicaStartsLaterBehindAProxy_GetsCalls()
    {
        await using var early = await RunningService.StartAsync(Build);
        await using var late = await RunningService.StartAsync(Build);
        var isStarted = false;
        using var proxy = new TcpProxy([early.Grpc.Port, late.Grpc.Port], connection => isStarted ? connection % 2 : 0);
        using var pool = await OpenAsync(early, $"http://127.0.0.1:{proxy.Port}");
        Assert.Equal([early.Grpc.Port], await PortsAsync(pool));

        isStarted = true;

        await WaitForAsync(pool, [early.Grpc.Port, late.Grpc.Port]);
    }

    private static Task<GrpcChannelPool> OpenAsync(RunningService service, string address) =>
        service.Services.GetRequiredService<GrpcChannelPoolFactory>().OpenAsync(address, 8, 1 << 20, TestContext.Current.CancellationToken);

    // Renamed, so that no reader sees half of it.
    private static void Write(string list, string text)
    {
        File.WriteAllText(list + ".new", text);
        File.Move(list + ".new", list, overwrite: true);
    }

    private static async Task WaitForAsync(GrpcChannelPool pool, int[] ports)
    {
        for (var watch = Stopwatch.StartNew(); ; await Task.Delay(50, TestContext.Current.CancellationToken))
        {
            int[] seen = [];
            try
            {
                seen = await PortsAsync(pool);
            }
            catch (RpcException error) when (error.StatusCode == StatusCode.Unavailable)
            {
                // There is no address yet.
            }

            if (seen.Order().SequenceEqual(ports.Order()))
                return;
            Assert.True(watch.Elapsed < TimeSpan.FromMinutes(1), $"the calls go to {string.Join(", ", seen)}, expected {string.Join(", ", ports)}");
        }
    }

    /// <summary>Makes calls one after another, and returns the ports of the services that answered.</summary>
    private static async Task<int[]> PortsAsync(GrpcChannelPool pool)
    {
        var ports = new HashSet<int>();
        for (var call = 0; call < 16; call++)
            ports.Add(await CallAsync(pool));
        return [.. ports];
    }

    private static async Task<int> CallAsync(GrpcChannelPool pool, string request = "")
    {
        var options = new CallOptions(deadline: TimeProvider.System.GetUtcNow().UtcDateTime.AddMinutes(1));
        return int.Parse(await pool.Next(request).AsyncUnaryCall(s_port, null, options, request), CultureInfo.InvariantCulture);
    }

    private static WebApplication Build(string[] args)
    {
        var app = ServiceDefaultsExtensions.CreateService(args).AddGrpcDefaults().Build();
        app.MapGrpcService<PortService>();
        return app;
    }

    /// <summary>A service that returns its port, at once or when it is released.</summary>
    [BindServiceMethod(typeof(PortService), nameof(Bind))]
    private class PortService
    {
        private static readonly TaskCompletionSource s_released = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public static void Release() => s_released.SetResult();

        // The server finds the virtual method by its name and ignores the delegate.
        public static void Bind(ServiceBinderBase binder, PortService? service) => binder.AddMethod(s_port, default(UnaryServerMethod<string, string>)!);

        public virtual async Task<string> Unary(string request, ServerCallContext context)
        {
            if (request == Waits)
                await s_released.Task;
            return context.GetHttpContext().Connection.LocalPort.ToString(CultureInfo.InvariantCulture);
        }
    }
}
