using Kd.ServiceDefaults.Connections;
using Kd.ServiceDefaults.Endpoints;
using Kd.ServiceDefaults.Security;
using Kd.ServiceDefaults.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Kd.ServiceDefaults;

/// <summary>What the services of the system have in common: telemetry, health checks, endpoints, the shared key.</summary>
public static class ServiceDefaultsExtensions
{
    private const string Live = "live";

    /// <summary>Begins a service with the defaults.</summary>
    /// <param name="args">Command line; <c>--Section:Name=value</c> becomes configuration.</param>
    public static WebApplicationBuilder CreateService(string[] args)
    {
        // appsettings.json lies beside the program, wherever it is started from.
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.AddSimpleConsole(console => console.SingleLine = true);
        // A failed start is reported by ServiceProgram: one message for a mistake of the user, the whole exception for anything else.
        builder.Logging.AddFilter<ConsoleLoggerProvider>("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        // ServiceEndpoints binds what ASPNETCORE_URLS lists; Kestrel warns that something else than itself does.
        builder.Logging.AddFilter<ConsoleLoggerProvider>("Microsoft.AspNetCore.Server.Kestrel", LogLevel.Error);
        builder.AddTelemetry();
        builder.UseServiceEndpoints();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddHealthChecks().AddCheck("self", () => HealthCheckResult.Healthy(), [Live]);
        return builder;
    }

    /// <summary>Adds what a service needs that serves or calls gRPC: the shared key on both sides, and connection pools to services named by address or by discovery.</summary>
    public static WebApplicationBuilder AddGrpcDefaults(this WebApplicationBuilder builder)
    {
        builder.Services.AddServiceKey();
        builder.Services.AddServiceDiscovery();
        builder.Services.AddSingleton<GrpcChannelPoolFactory>();
        return builder;
    }

    /// <summary>Maps <c>/health</c> (ready to work) and <c>/alive</c> (running).</summary>
    public static WebApplication MapServiceDefaults(this WebApplication app)
    {
        app.MapHealthChecks("/health");
        app.MapHealthChecks("/alive", new HealthCheckOptions { Predicate = check => check.Tags.Contains(Live) });
        return app;
    }
}
