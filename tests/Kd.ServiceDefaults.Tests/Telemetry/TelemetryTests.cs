using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text;
using Kd.ServiceDefaults.Telemetry;
using Kd.Tests;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Kd.ServiceDefaults.Tests.Telemetry;

public sealed class TelemetryTests
{
    // The settings that Aspire gives each replica; nothing listens on the port.
    private static readonly string[] s_aspire =
    [
        "--OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:9",
        "--OTEL_SERVICE_NAME=teacher",
        "--OTEL_RESOURCE_ATTRIBUTES=service.instance.id=abcdefgh",
        "--OTEL_TRACES_SAMPLER=always_on",
    ];

    [Fact]
    public async Task Resource_NameAndInstanceFromTheHost_AreThoseOfAllSignals()
    {
        await using var app = Build(s_aspire);

        BaseProvider[] providers =
        [
            app.Services.GetRequiredService<TracerProvider>(),
            app.Services.GetRequiredService<MeterProvider>(),
            app.Services.GetRequiredService<LoggerProvider>(),
        ];

        Assert.All(providers, provider => Assert.Equal(("teacher", "abcdefgh"), (Read(provider, "service.name"), Read(provider, "service.instance.id"))));
    }

    [Fact]
    public async Task Resource_NothingFromAHost_HasTheApplicationsNameAndAnInstance()
    {
        await using var app = Build(s_aspire[..1]);

        var provider = app.Services.GetRequiredService<TracerProvider>();

        Assert.Equal(app.Environment.ApplicationName, Read(provider, "service.name"));
        Assert.True(Guid.TryParse(Read(provider, "service.instance.id"), out _));
    }

    [Fact]
    public async Task Requests_OfHealthPollsAndPage_LeaveNoSpan()
    {
        var spans = new SpanList();
        await using var service = await RunningService.StartAsync(args => Build([.. args, .. s_aspire], spans));
        using var client = new HttpClient();
        foreach (
            var path in new[]
            {
                "/health",
                "/alive",
                "/api/run",
                "/_blazor/negotiate",
                "/_framework/blazor.web.js",
                "/app.css",
                "/",
                "/api/run/pause",
                "/api/runs",
            }
        )
            await client.GetAsync(new Uri(service.Http, path), TestContext.Current.CancellationToken);
        await client.PostAsync(new Uri(service.Http, "/api/run"), null, TestContext.Current.CancellationToken);

        // The request's span ends after its response has been sent.
        string[] expected = ["GET /api/run/pause", "GET /api/runs", "POST /api/run"];
        for (var waited = 0; waited < 250 && Requests().Count < expected.Length; waited++)
            await Task.Delay(20, TestContext.Current.CancellationToken);
        Assert.Equal(expected, Requests());

        List<string> Requests() =>
            [
                .. spans
                    .Ended.Where(span => span.Kind == ActivityKind.Server && Equals(span.GetTagItem("server.port"), service.Http.Port))
                    .Select(span => $"{span.GetTagItem("http.request.method")} {span.GetTagItem("url.path")}")
                    .Order(StringComparer.Ordinal),
            ];
    }

    // Exporter and SDK share internals: if their versions differ, they silently drop every batch that has a histogram.
    [Fact]
    public async Task Metrics_WithAHistogram_ReachTheCollector()
    {
        var received = new ConcurrentQueue<string>();
        await using var collector = WebApplication.Create(["--urls=http://127.0.0.1:0", "--Logging:LogLevel:Default=Warning"]);
        collector.MapPost(
            "/v1/{signal}",
            async (HttpRequest request) =>
            {
                using var body = new StreamReader(request.Body, Encoding.Latin1);
                received.Enqueue(await body.ReadToEndAsync());
            }
        );
        await collector.StartAsync(TestContext.Current.CancellationToken);
        await using var app = Build([$"--OTEL_EXPORTER_OTLP_ENDPOINT={collector.Urls.First()}", "--OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf"]);
        var provider = app.Services.GetRequiredService<MeterProvider>();
        using var meter = new Meter("Kd.TelemetryTests");

        meter.CreateDurationHistogram("kd.test.duration", "Test").Record(0.003);

        // False in any case, since Prometheus' reader can only be pulled.
        provider.ForceFlush(10_000);
        Assert.Contains(received, body => body.Contains("kd.test.duration", StringComparison.Ordinal));
    }

    // Aspire requests all spans in development; that must not override which steps are traced.
    [Fact]
    public async Task Spans_BelowOneThatIsNotRecorded_AreNotRecordedEither()
    {
        var spans = new SpanList();
        await using var app = Build(s_aspire, spans);
        app.Services.GetRequiredService<TracerProvider>();
        using var source = new ActivitySource("Kd.TelemetryTests");

        using (source.StartActivity("recorded"))
        {
            using var quiet = new Activity("quiet").SetParentId(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom()).Start();
            source.StartActivity("left out")?.Dispose();
        }

        Assert.Equal(["recorded"], spans.Ended.Where(span => span.Source == source).Select(span => span.OperationName));
    }

    private static string? Read(BaseProvider provider, string attribute) =>
        provider.GetResource().Attributes.FirstOrDefault(pair => pair.Key == attribute).Value as string;

    private static WebApplication Build(string[] args, SpanList? spans = null)
    {
        var builder = ServiceDefaultsExtensions
            .CreateService([.. args, $"--Service:Key={RunningService.Key}", "--Logging:LogLevel:Default=Warning"])
            .AddGrpcDefaults();
        if (spans is not null)
            builder.Services.ConfigureOpenTelemetryTracerProvider(tracing => tracing.AddProcessor(spans));
        return builder.Build().MapServiceDefaults();
    }

    private sealed class SpanList : BaseProcessor<Activity>
    {
        public ConcurrentQueue<Activity> Ended { get; } = [];

        public override void OnEnd(Activity data) => Ended.Enqueue(data);
    }
}
