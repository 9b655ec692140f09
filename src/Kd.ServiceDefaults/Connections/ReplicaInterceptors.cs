using Grpc.Core;
using Grpc.Core.Interceptors;

namespace Kd.ServiceDefaults.Connections;

/// <summary>Names the replica in the headers of every answer.</summary>
internal sealed class ReplicaServerInterceptor : Interceptor
{
    /// <summary>Header with the replica's name.</summary>
    public const string Header = "kd-replica";

    private readonly string _name = Guid.NewGuid().ToString("N");

    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        // Goes out with the headers of the answer, without a frame of its own.
        context.GetHttpContext().Response.Headers[Header] = _name;
        return continuation(request, context);
    }
}

/// <summary>Tells the balance which replica answered on a connection, or that the connection failed.</summary>
internal sealed class ReplicaClientInterceptor(ReplicaBalance balance, int connection) : Interceptor
{
    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(TRequest request, ClientInterceptorContext<TRequest, TResponse> context, AsyncUnaryCallContinuation<TRequest, TResponse> continuation)
    {
        var call = continuation(request, context);
        return new AsyncUnaryCall<TResponse>(WatchAsync(call), call.ResponseHeadersAsync, call.GetStatus, call.GetTrailers, call.Dispose);
    }

    private async Task<TResponse> WatchAsync<TResponse>(AsyncUnaryCall<TResponse> call)
    {
        try
        {
            var response = await call.ResponseAsync;
            if ((await call.ResponseHeadersAsync).GetValue(ReplicaServerInterceptor.Header) is { } replica)
                balance.Answered(connection, replica);
            return response;
        }
        catch (RpcException error) when (error.StatusCode is StatusCode.Unavailable or StatusCode.Internal)
        {
            balance.Failed(connection);
            throw;
        }
    }
}
