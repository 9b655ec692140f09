using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Kd.ServiceDefaults.Telemetry;

internal static class TelemetryExtensions
{
    // Every project has one ActivitySource and one Meter, named as its assembly.
    private const string Sources = "Kd.*";
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT",
        Sampler = "OTEL_TRACES_SAMPLER";

    /// <summary>Adds the metrics, which <c>/metrics</c> shows, and sends them, traces and logs to a collector if one is configured.</summary>
    public static void AddTelemetry(this WebApplicationBuilder builder)
    {
        var telemetry = builder
            .Services.AddOpenTelemetry()
            // What the environment says comes last and so wins: the dashboard matches a replica by the instance id that the AppHost gave it.
            .ConfigureResource(resource => resource.AddService(builder.Environment.ApplicationName).AddEnvironmentVariableDetector())
            .WithMetrics(metrics =>
                metrics
                    .AddAspNetCoreInstrumentation()
                    .AddRuntimeInstrumentation()
                    .AddMeter(Sources)
                    // Kestrel counts each 4 KB that it reads: with pixels that is a tenth of what a call costs.
                    .AddView("aspnetcore.memory_pool.*", MetricStreamConfiguration.Drop)
                    .AddPrometheusExporter()
            );
        // Without a collector nobody would take the rest, and spans of every call cost time.
        if (string.IsNullOrWhiteSpace(builder.Configuration[Endpoint]))
            return;
        builder.Logging.AddOpenTelemetry(logging =>
        {
            logging.IncludeFormattedMessage = true;
            logging.IncludeScopes = true;
        });
        builder.Services.AddHostedService<LastLogs>();
        telemetry
            .WithTracing(tracing =>
                tracing
                    .KeepUnrecordedParents(builder.Configuration[Sampler])
                    .AddAspNetCoreInstrumentation(options => options.Filter = context => IsTraced(context.Request))
                    // Else a second client span would repeat each call.
                    .AddGrpcClientInstrumentation(options => options.SuppressDownstreamInstrumentation = true)
                    .AddSource(Sources)
            )
            .UseOtlpExporter();
    }

    // Aspire asks for always_on in development, which would also record what lies below a span that is left out on purpose, such as most steps of an epoch.
    private static TracerProviderBuilder KeepUnrecordedParents(this TracerProviderBuilder tracing, string? sampler) =>
        sampler is "always_on" ? tracing.SetSampler(new ParentBasedSampler(new AlwaysOnSampler())) : tracing;

    // Calls of gRPC and of the API. Health checks, the state that the host polls every second and the page's files would bury them.
    private static bool IsTraced(HttpRequest request) =>
        request.ContentType?.StartsWith("application/grpc", StringComparison.Ordinal) == true
        || (request.Path.StartsWithSegments("/api") && !(HttpMethods.IsGet(request.Method) && request.Path == "/api/run"));
}
