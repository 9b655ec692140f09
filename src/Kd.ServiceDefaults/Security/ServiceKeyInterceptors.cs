using System.Security.Cryptography;
using System.Text;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Kd.ServiceDefaults.Settings;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Kd.ServiceDefaults.Security;

internal static class ServiceKey
{
    public const string Header = "authorization";

    public static string Value(ServiceKeyOptions options) => "Bearer " + options.Key;

    public static void AddServiceKey(this IServiceCollection services)
    {
        services.AddSection<ServiceKeyOptions>(ServiceKeyOptions.Section);
        services.AddSingleton<ServiceKeyServerInterceptor>();
        services.AddGrpc(options => options.Interceptors.Add<ServiceKeyServerInterceptor>());
    }
}

/// <summary>Rejects calls without the shared key.</summary>
internal sealed class ServiceKeyServerInterceptor(IOptions<ServiceKeyOptions> options) : Interceptor
{
    // Hashes have a fixed length, so the comparison takes the same time for any input.
    private readonly byte[] _expected = SHA256.HashData(Encoding.UTF8.GetBytes(ServiceKey.Value(options.Value)));

    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request,
        ServerCallContext context,
        UnaryServerMethod<TRequest, TResponse> continuation
    )
    {
        Check(context);
        return continuation(request, context);
    }

    public override Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        ServerStreamingServerMethod<TRequest, TResponse> continuation
    )
    {
        Check(context);
        return continuation(request, responseStream, context);
    }

    public override Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream,
        ServerCallContext context,
        ClientStreamingServerMethod<TRequest, TResponse> continuation
    )
    {
        Check(context);
        return continuation(requestStream, context);
    }

    public override Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation
    )
    {
        Check(context);
        return continuation(requestStream, responseStream, context);
    }

    private void Check(ServerCallContext context)
    {
        var sent = context.RequestHeaders.GetValue(ServiceKey.Header) ?? "";
        if (!CryptographicOperations.FixedTimeEquals(_expected, SHA256.HashData(Encoding.UTF8.GetBytes(sent))))
            throw new RpcException(
                new Status(
                    StatusCode.Unauthenticated,
                    "The metadata 'authorization: Bearer KEY' is missing or has a different key. All services need the same Service:Key."
                )
            );
    }
}

/// <summary>Adds the shared key to every call.</summary>
internal sealed class ServiceKeyClientInterceptor(string value) : Interceptor
{
    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        TRequest request,
        ClientInterceptorContext<TRequest, TResponse> context,
        AsyncUnaryCallContinuation<TRequest, TResponse> continuation
    )
    {
        var headers = context.Options.Headers ?? [];
        headers.Add(ServiceKey.Header, value);
        return continuation(request, new ClientInterceptorContext<TRequest, TResponse>(context.Method, context.Host, context.Options.WithHeaders(headers)));
    }
}
