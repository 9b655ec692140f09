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
