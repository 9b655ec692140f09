using Grpc.Core;
using Grpc.Core.Interceptors;

namespace Kd.ServiceDefaults.Connections;

/// <summary>Adds the replica's name to the headers of every response.</summary>
internal sealed class ReplicaServerInterceptor : Interceptor
{
    private static int s_services;

    // One process may run several services, for example in tests.
    private readonly string _name = Interlocked.Increment(ref s_services) is var number && number == 1 ? ReplicaName.Own : $"{ReplicaName.Own}.{number}";

    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request,
        ServerCallContext context,
        UnaryServerMethod<TRequest, TResponse> continuation
    )
    {
        // Sent with the response headers, without a frame of its own.
        context.GetHttpContext().Response.Headers[ReplicaName.Header] = _name;
        return continuation(request, context);
    }
}

/// <summary>Adds the client's name to each call, and records in the balance which replica responded on a connection, or that the connection failed.</summary>
internal sealed class ReplicaClientInterceptor(ReplicaBalance balance, int connection) : Interceptor
{
    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        TRequest request,
        ClientInterceptorContext<TRequest, TResponse> context,
        AsyncUnaryCallContinuation<TRequest, TResponse> continuation
    )
    {
        // The caller may use its own headers again.
        var headers = new Metadata { { ReplicaName.ClientHeader, ReplicaName.Own } };
        foreach (var header in context.Options.Headers ?? [])
            headers.Add(header);
        var call = continuation(request, new(context.Method, context.Host, context.Options.WithHeaders(headers)));
        return new AsyncUnaryCall<TResponse>(WatchAsync(call), call.ResponseHeadersAsync, call.GetStatus, call.GetTrailers, call.Dispose);
    }

    private async Task<TResponse> WatchAsync<TResponse>(AsyncUnaryCall<TResponse> call)
    {
        try
        {
            var response = await call.ResponseAsync;
            if ((await call.ResponseHeadersAsync).GetValue(ReplicaName.Header) is { } replica)
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
