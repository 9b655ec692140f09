using Grpc.Core;
using Kd.ServiceDefaults.Connections;

namespace Kd.ServiceDefaults.Tests.Connections;

public sealed class PatientCallTests
{
    private int _calls;
    private int _retries;

    [Theory]
    [InlineData(StatusCode.Unavailable)]
    [InlineData(StatusCode.DeadlineExceeded)]
    public async Task Execute_ServiceTemporarilyUnavailable_RetriesUntilItResponds(StatusCode status)
    {
        var answer = await RunAsync(() => _calls <= 4 ? throw new RpcException(new Status(status, "away")) : 42);
        Assert.Equal((42, 5, 4), (answer, _calls, _retries));
    }

    [Fact]
    public async Task Execute_ServiceBusyWithAHint_RetriesUntilItResponds()
    {
        var hint = new Metadata { { "grpc-retry-pushback-ms", "2" } };
        var answer = await RunAsync(() => _calls <= 4 ? throw new RpcException(new Status(StatusCode.ResourceExhausted, "busy"), hint) : 42);
        Assert.Equal((42, 5, 4), (answer, _calls, _retries));
    }

    [Theory]
    [InlineData(StatusCode.InvalidArgument)]
    // Without a hint it is a limit on the size of messages, of the server's or of the client itself.
    [InlineData(StatusCode.ResourceExhausted)]
    [InlineData(StatusCode.Unauthenticated)]
    [InlineData(StatusCode.FailedPrecondition)]
    public async Task Execute_ServiceRefuses_FailsAtOnce(StatusCode status)
    {
        await Assert.ThrowsAsync<RpcException>(() => RunAsync(() => throw new RpcException(new Status(status, "no"))));
        Assert.Equal((1, 0), (_calls, _retries));
    }

    [Fact]
    public async Task Execute_BrokenConnection_IsRetried()
    {
        var broken = new RpcException(new Status(StatusCode.Internal, "gone", new HttpRequestException("reset")));
        var wrapped = new RpcException(broken.Status, "gone");
        Assert.Equal(1, await RunAsync(() => _calls == 1 ? throw wrapped : 1));
        Assert.Equal(2, _calls);
    }

    [Fact]
    public async Task Execute_Canceled_Ends()
    {
        using var stop = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
        await Assert.ThrowsAnyAsync<Exception>(() => RunAsync(() => throw new RpcException(new Status(StatusCode.Unavailable, "away")), stop.Token));
        Assert.True(_calls < 1000);
    }

    private async Task<int> RunAsync(Func<int> call, CancellationToken cancellation = default)
    {
        var pipeline = PatientCall.Create(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(5), TimeProvider.System, (_, _, _) => _retries++);
        return await pipeline.ExecuteAsync(
            _ =>
            {
                _calls++;
                return ValueTask.FromResult(call());
            },
            cancellation
        );
    }
}
