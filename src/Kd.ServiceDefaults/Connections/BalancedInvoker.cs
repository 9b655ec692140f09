using Grpc.Core;

namespace Kd.ServiceDefaults.Connections;

/// <summary>Makes each call on the connection that the pool chooses at that moment.</summary>
/// <param name="pool">The connections.</param>
/// <param name="kind">Kind of the calls.</param>
/// <param name="cost">Work of each call.</param>
internal sealed class BalancedInvoker(GrpcChannelPool pool, string kind, long cost) : CallInvoker
{
    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method,
        string? host,
        CallOptions options,
        TRequest request
    )
    {
        // The caller may use its own headers again.
        var headers = new Metadata { { ReplicaName.ClientHeader, ReplicaName.Own } };
        foreach (var header in options.Headers ?? [])
            headers.Add(header);
        var (started, invoker) = pool.Start(kind, cost);
        try
        {
            var call = invoker.AsyncUnaryCall(method, host, options.WithHeaders(headers), request);
            return new AsyncUnaryCall<TResponse>(WatchAsync(call, started), call.ResponseHeadersAsync, call.GetStatus, call.GetTrailers, call.Dispose);
        }
        catch
        {
            pool.End(started, balance => balance.Ended(started));
            throw;
        }
    }

    public override TResponse BlockingUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) =>
        throw Unsupported();

    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method,
        string? host,
        CallOptions options,
        TRequest request
    ) => throw Unsupported();

    public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method,
        string? host,
        CallOptions options
    ) => throw Unsupported();

    public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method,
        string? host,
        CallOptions options
    ) => throw Unsupported();

    private static NotSupportedException Unsupported() => new("Only asynchronous unary calls are balanced.");

    private async Task<TResponse> WatchAsync<TResponse>(AsyncUnaryCall<TResponse> call, ReplicaCall started)
    {
        Func<ReplicaBalance, bool> end = balance => balance.Ended(started);
        try
        {
            var response = await call.ResponseAsync;
            if ((await call.ResponseHeadersAsync).GetValue(ReplicaName.Header) is { } replica)
                end = balance => balance.Answered(started, replica);
            return response;
        }
        catch (RpcException error) when (error.StatusCode is StatusCode.Unavailable or StatusCode.Internal)
        {
            end = balance => balance.Failed(started);
            throw;
        }
        finally
        {
            pool.End(started, end);
        }
    }
}
