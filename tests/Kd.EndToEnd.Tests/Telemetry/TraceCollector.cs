using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Kd.EndToEnd.Tests.Telemetry;

/// <summary>A span as OTLP carries it.</summary>
internal sealed record Span(string Service, string Scope, string Name, string TraceId, string Id, string ParentId);

/// <summary>Takes OTLP traces over HTTP, as a collector or the Aspire dashboard does.</summary>
internal sealed class TraceCollector : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly List<Span> _spans = [];

    private TraceCollector(WebApplication app) => _app = app;

    public string Address => _app.Urls.First();

    public IReadOnlyList<Span> Spans
    {
        get
        {
            lock (_spans)
                return [.. _spans];
        }
    }

    public static async Task<TraceCollector> StartAsync()
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var collector = new TraceCollector(builder.Build());
        collector._app.MapPost("/v1/traces", collector.TakeAsync);
        collector._app.MapPost("/v1/{signal}", () => Results.Bytes([], "application/x-protobuf"));
        await collector._app.StartAsync();
        return collector;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task<IResult> TakeAsync(HttpRequest request)
    {
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body);
        lock (_spans)
            _spans.AddRange(Read(body.ToArray()));
        return Results.Bytes([], "application/x-protobuf");
    }

    // ExportTraceServiceRequest: resource_spans = 1 { resource = 1 { attributes = 1 }, scope_spans = 2 { scope = 1 { name = 1 }, spans = 2 } }.
    private static IEnumerable<Span> Read(byte[] message)
    {
        foreach (var resourceSpans in Fields(message, 1))
        {
            var service = Fields(resourceSpans, 1).SelectMany(resource => Fields(resource, 1))
                .Where(attribute => Text(attribute, 1) == "service.name").Select(attribute => Text(Fields(attribute, 2).First(), 1)).FirstOrDefault("");
            foreach (var scopeSpans in Fields(resourceSpans, 2))
            {
                var scope = Fields(scopeSpans, 1).Select(name => Text(name, 1)).FirstOrDefault("");
                foreach (var span in Fields(scopeSpans, 2))
                    yield return new Span(service, scope, Text(span, 5), Hex(span, 1), Hex(span, 2), Hex(span, 4));
            }
        }
    }

    private static string Text(byte[] message, int number) => Fields(message, number).Select(System.Text.Encoding.UTF8.GetString).FirstOrDefault("");

    private static string Hex(byte[] message, int number) => Fields(message, number).Select(Convert.ToHexStringLower).FirstOrDefault("");

    /// <summary>The length-delimited fields of one number.</summary>
    private static List<byte[]> Fields(byte[] message, int number)
    {
        var fields = new List<byte[]>();
        var input = new CodedInputStream(message);
        uint tag;
        while ((tag = input.ReadTag()) != 0)
        {
            if (WireFormat.GetTagFieldNumber(tag) == number && WireFormat.GetTagWireType(tag) == WireFormat.WireType.LengthDelimited)
                fields.Add(input.ReadBytes().ToByteArray());
            else
                input.SkipLastField();
        }

        return fields;
    }
}
