using Kd.ServiceDefaults.Connections;
using Kd.ServiceDefaults.Draining;
using Kd.ServiceDefaults.Endpoints;
using Kd.ServiceDefaults.Memory;
using Kd.ServiceDefaults.Security;
using Kd.ServiceDefaults.Settings;
using Kd.ServiceDefaults.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Kd.ServiceDefaults;

/// <summary>Sets up the parts that all services have in common: telemetry, health checks, endpoints and the shared key.</summary>
public static class ServiceDefaultsExtensions
{
    private const string Live = "live";

    /// <summary>Creates the builder of a service with the defaults.</summary>
    /// <param name="args">Command line; <c>--Section:Name=value</c> becomes configuration.</param>
    public static WebApplicationBuilder CreateService(string[] args)
    {
        // appsettings.json is next to the program, whatever the working directory.
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.AddSimpleConsole(console => console.SingleLine = true);
        // ServiceProgram reports a failed start: one message for a user's mistake, the whole exception for anything else.
        builder.Logging.AddFilter<ConsoleLoggerProvider>("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        // ServiceEndpoints binds the addresses of ASPNETCORE_URLS; Kestrel would warn that it ignores them.
        builder.Logging.AddFilter<ConsoleLoggerProvider>("Microsoft.AspNetCore.Server.Kestrel", LogLevel.Error);
        // gRPC health asks every half minute, also while a teacher loads or drains; that is no error.
        builder.Logging.AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None);
        builder.AddTelemetry();
        builder.UseServiceEndpoints();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddHostedService<NativeHeap>();
        builder.Services.AddHealthChecks().AddCheck("self", () => HealthCheckResult.Healthy(), [Live]);
        return builder;
    }

    /// <summary>Adds gRPC for servers and clients: the certificate of the shared key on both sides, service discovery, and connection pools.</summary>
    public static WebApplicationBuilder AddGrpcDefaults(this WebApplicationBuilder builder)
    {
        builder.Services.AddSection<ServiceKeyOptions>(ServiceKeyOptions.Section);
        builder.Services.AddSingleton<ServiceCertificate>();
        builder.Services.AddSingleton<ReplicaServerInterceptor>();
        builder.Services.AddGrpc(options =>
        {
            options.Interceptors.Add<ReplicaServerInterceptor>();
            options.Interceptors.Add<DrainInterceptor>();
        });
        builder.AddDrain();
        builder.Services.AddServiceDiscovery();
        builder.Services.AddSingleton<GrpcChannelPoolFactory>();
        return builder;
    }

    /// <summary>Maps the health endpoints <c>/health</c> (ready) and <c>/alive</c> (running), and <c>/metrics</c> in Prometheus' format.</summary>
    public static WebApplication MapServiceDefaults(this WebApplication app)
    {
        app.MapPrometheusScrapingEndpoint();
        app.MapHealthChecks("/health");
        app.MapHealthChecks("/alive", new HealthCheckOptions { Predicate = check => check.Tags.Contains(Live) });
        return app;
    }

    /// <summary>Maps a gRPC service, and gRPC health beside it: the service name <c>live</c> is running, the empty name is ready.</summary>
    /// <typeparam name="T">The service.</typeparam>
    public static WebApplication MapGrpcDefaults<T>(this WebApplication app)
        where T : class
    {
        app.MapGrpcService<T>();
        app.MapGrpcHealthChecksService();
        return app;
    }

    private static void AddDrain(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<CallDrain>();
        builder.Services.AddSingleton<DrainInterceptor>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<CallDrain>());
        builder.Services.AddGrpcHealthChecks(health => health.Services.Map(Live, check => check.Tags.Contains(Live))).AddCheck<CallDrain>("drain");
    }
}
