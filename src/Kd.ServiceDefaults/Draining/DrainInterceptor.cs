using Grpc.Core;
using Grpc.Core.Interceptors;

namespace Kd.ServiceDefaults.Draining;

/// <summary>Counts the calls in progress, and refuses new ones with UNAVAILABLE while the service drains. Health checks are always answered.</summary>
internal sealed class DrainInterceptor(CallDrain drain) : Interceptor
{
    private const string Health = "/grpc.health.";

    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request,
        ServerCallContext context,
        UnaryServerMethod<TRequest, TResponse> continuation
    )
    {
        if (context.Method.StartsWith(Health, StringComparison.Ordinal))
            return await continuation(request, context);
        if (!drain.TryBegin())
            throw new RpcException(new Status(StatusCode.Unavailable, "The service is stopping; try another replica."));
        try
        {
            return await continuation(request, context);
        }
        finally
        {
            drain.End();
        }
    }
}
