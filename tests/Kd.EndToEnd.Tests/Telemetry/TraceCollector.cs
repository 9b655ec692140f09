using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Kd.EndToEnd.Tests.Telemetry;

/// <summary>A span received over OTLP.</summary>
internal sealed record Span(string Service, string Instance, string Name, string TraceId, string Id, string ParentId);

/// <summary>A log record received over OTLP, with its attributes as text.</summary>
internal sealed record LogRecord(string Service, string Text, string TraceId, IReadOnlyDictionary<string, string> Attributes);

/// <summary>Receives OTLP traces and logs over HTTP, as a collector or the Aspire dashboard does.</summary>
internal sealed class TraceCollector : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly List<Span> _spans = [];
    private readonly List<LogRecord> _logs = [];

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

    public IReadOnlyList<LogRecord> Logs
    {
        get
        {
            lock (_spans)
                return [.. _logs];
        }
    }

    public static async Task<TraceCollector> StartAsync()
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var collector = new TraceCollector(builder.Build());
        collector._app.MapPost("/v1/traces", collector.TakeAsync);
        collector._app.MapPost("/v1/logs", collector.TakeLogsAsync);
        collector._app.MapPost("/v1/{signal}", () => Results.Bytes([], "application/x-protobuf"));
        await collector._app.StartAsync();
        return collector;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task<IResult> TakeAsync(HttpRequest request)
    {
        var message = await BodyAsync(request);
        lock (_spans)
            _spans.AddRange(Read(message));
        return Results.Bytes([], "application/x-protobuf");
    }

    private async Task<IResult> TakeLogsAsync(HttpRequest request)
    {
        var message = await BodyAsync(request);
        lock (_spans)
            _logs.AddRange(ReadLogs(message));
        return Results.Bytes([], "application/x-protobuf");
    }

    private static async Task<byte[]> BodyAsync(HttpRequest request)
    {
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body);
        return body.ToArray();
    }

    // ExportTraceServiceRequest: resource_spans = 1 { resource = 1 { attributes = 1 }, scope_spans = 2 { spans = 2 } }.
    private static IEnumerable<Span> Read(byte[] message)
    {
        foreach (var resourceSpans in Fields(message, 1))
        {
            foreach (var scopeSpans in Fields(resourceSpans, 2))
            {
                foreach (var span in Fields(scopeSpans, 2))
                    yield return new Span(
                        ServiceOf(resourceSpans),
                        AttributeOf(resourceSpans, "service.instance.id"),
                        Text(span, 5),
                        Hex(span, 1),
                        Hex(span, 2),
                        Hex(span, 4)
                    );
            }
        }
    }

    // ExportLogsServiceRequest has the same outer form; a record: body = 5 { string_value = 1 }, attributes = 6, trace_id = 9.
    private static IEnumerable<LogRecord> ReadLogs(byte[] message) =>
        from resourceLogs in Fields(message, 1)
        from scopeLogs in Fields(resourceLogs, 2)
        from record in Fields(scopeLogs, 2)
        select new LogRecord(
            ServiceOf(resourceLogs),
            Fields(record, 5).Select(body => Text(body, 1)).FirstOrDefault(""),
            Hex(record, 9),
            Attributes(Fields(record, 6))
        );

    private static string ServiceOf(byte[] resource) => AttributeOf(resource, "service.name");

    private static string AttributeOf(byte[] resource, string name) =>
        Attributes(Fields(resource, 1).SelectMany(part => Fields(part, 1))).GetValueOrDefault(name, "");

    // KeyValue: key = 1, value = 2 { string_value = 1, int_value = 3 }.
    private static Dictionary<string, string> Attributes(IEnumerable<byte[]> pairs) =>
        pairs
            .GroupBy(pair => Text(pair, 1))
            .ToDictionary(
                group => group.Key,
                group => Fields(group.First(), 2).Select(value => Fields(value, 1) is { Count: > 0 } ? Text(value, 1) : Number(value, 3)).FirstOrDefault("")
            );

    private static string Number(byte[] message, int number)
    {
        var input = new CodedInputStream(message);
        uint tag;
        while ((tag = input.ReadTag()) != 0)
        {
            if (WireFormat.GetTagFieldNumber(tag) == number && WireFormat.GetTagWireType(tag) == WireFormat.WireType.Varint)
                return input.ReadInt64().ToString(System.Globalization.CultureInfo.InvariantCulture);
            input.SkipLastField();
        }

        return "";
    }

    private static string Text(byte[] message, int number) => Fields(message, number).Select(System.Text.Encoding.UTF8.GetString).FirstOrDefault("");

    private static string Hex(byte[] message, int number) => Fields(message, number).Select(Convert.ToHexStringLower).FirstOrDefault("");

    /// <summary>Reads the length-delimited fields with a number.</summary>
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
