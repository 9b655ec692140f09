using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Google.Protobuf;
using Grpc.Core;
using Kd.Protocol.Teacher.V1;
using Kd.Settings;
using Kd.TeacherService.Batching;
using Kd.TeacherService.Cache;
using Kd.TeacherService.Diagnostics;
using Kd.TeacherService.Hosting;
using Kd.Tests;
using Kd.Vision.Views;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Kd.TeacherService.Tests.Diagnostics;

/// <summary>Runs alone: a listener sees the instruments of every teacher in the process.</summary>
[CollectionDefinition(nameof(OneTeacher), DisableParallelization = true)]
public sealed class OneTeacher;

[Collection(nameof(OneTeacher))]
public sealed class TelemetryTests
{
    private const int Side = 32;

    [Fact]
    public async Task Calls_MissesAndHits_AreCounted()
    {
        using var redis = RedisServer.Start("garnet");
        await using var service = await StartAsync(redis);
        var (sums, counts) = (new ConcurrentDictionary<string, double>(), new ConcurrentDictionary<string, int>());
        using var meters = Listen(
            (name, value) =>
            {
                sums.AddOrUpdate(name, value, (_, sum) => sum + value);
                counts.AddOrUpdate(name, 1, (_, count) => count + 1);
            }
        );
        using var channel = service.Open();
        var client = new Teacher.TeacherClient(channel);
        var request = CreateRequest(0, 10);
        await client.LookupAsync(new LookupRequest { ViewIds = request.ViewIds });
        await client.LabelAsync(request);
        await client.LookupAsync(new LookupRequest { ViewIds = request.ViewIds, StoredOnly = true });
        meters.RecordObservableInstruments();

        var expected = new Dictionary<string, double>
        {
            ["kd.teacher.cache.misses"] = 10,
            ["kd.teacher.cache.hits"] = 10,
            ["kd.teacher.images.computed"] = 10,
            ["kd.teacher.batch.size"] = 10,
            ["kd.teacher.received"] = 10 * 3 * Side * Side,
            ["kd.teacher.sent"] = 2 * 10 * 24 * 2,
            ["kd.teacher.queue.length"] = 0,
            ["kd.teacher.cache.available"] = 1,
        };
        foreach (var (name, value) in expected)
            Assert.True(sums.GetValueOrDefault(name, double.NaN) == value, $"{name} is {sums.GetValueOrDefault(name, double.NaN)}, expected {value}");
        // Passes of 8, so 10 views take two; each view waited.
        Assert.Equal((2, 10), (counts["kd.teacher.pass.duration"], counts["kd.teacher.queue.wait"]));
        Assert.InRange(sums["kd.teacher.pass.duration"], 1e-4, 10);
    }

    // Without a collector and without a key, as Prometheus and KEDA read them.
    [Fact]
    public async Task Get_MetricsAndScale_HaveTheQueueAndThePasses()
    {
        using var redis = RedisServer.Start("garnet");
        await using var service = await StartAsync(redis);
        using var channel = service.Open();
        using var http = new HttpClient { BaseAddress = service.Http };
        await new Teacher.TeacherClient(channel).LabelAsync(CreateRequest(300, 10));

        var metrics = await http.GetStringAsync("/metrics", TestContext.Current.CancellationToken);
        using var scale = System.Text.Json.JsonDocument.Parse(await http.GetStringAsync("/scale", TestContext.Current.CancellationToken));

        Assert.Matches("(?m)^kd_teacher_queue_length({[^}]*})? 0$", metrics);
        Assert.Matches("(?m)^kd_teacher_pass_duration_seconds_count({[^}]*})? [1-9]", metrics);
        Assert.Equal(["pendingViews", "pendingPasses"], scale.RootElement.EnumerateObject().Select(value => value.Name));
        var (views, passes) = (scale.RootElement.GetProperty("pendingViews").GetDouble(), scale.RootElement.GetProperty("pendingPasses").GetDouble());
        // At most 10 views for the time of this test.
        Assert.InRange(views, 0, 10);
        // Passes of 8.
        Assert.Equal(views / 8, passes, 0.01);
    }

    [Fact]
    public async Task Calls_SharingAPass_AreLinkedFromItAndOwnTheirCacheSpans()
    {
        using var redis = RedisServer.Start("garnet");
        await using var service = await StartAsync(redis, maxDelay: 10);
        using var recorded = new RecordedSpans(_ => ActivitySamplingResult.AllData, TeacherTelemetry.Name, "Microsoft.AspNetCore");
        var spans = recorded.All;
        using var channel = service.Open();
        var client = new Teacher.TeacherClient(channel);
        await Task.WhenAll(client.LabelAsync(CreateRequest(100, 4)).ResponseAsync, client.LabelAsync(CreateRequest(200, 4)).ResponseAsync);
        await client.LookupAsync(new LookupRequest { ViewIds = CreateRequest(100, 4).ViewIds });
        // The request's own span ends after its reply is sent.
        for (var waited = 0; waited < 100 && spans.Count(span => span.OperationName.EndsWith("HttpRequestIn", StringComparison.Ordinal)) < 3; waited++)
            await Task.Delay(20, TestContext.Current.CancellationToken);

        var requests = spans.Where(span => span.OperationName.EndsWith("HttpRequestIn", StringComparison.Ordinal)).Select(span => span.SpanId).ToHashSet();
        var passes = spans.Where(span => span.OperationName == "teacher pass").ToList();
        Assert.Equal(3, requests.Count);
        Assert.Equal(2, passes.SelectMany(pass => pass.Links).Select(link => link.Context.SpanId).Distinct().Count(requests.Contains));
        Assert.Equal(2, spans.Count(span => span.OperationName == "write cache" && requests.Contains(span.ParentSpanId)));
        var lookup = Assert.Single(spans, span => span.OperationName == "read cache");
        Assert.Contains(lookup.ParentSpanId, requests);
        Assert.Equal(4, lookup.GetTagItem("kd.teacher.cache.hits"));
    }

    // Most of a trainer's calls are not traced. Where such a call comes first, the pass must still belong to the trace of the other one.
    [Fact]
    public async Task Calls_SharingAPassWithAnUntracedOne_OwnThePass()
    {
        using var redis = RedisServer.Start("garnet");
        await using var service = await StartAsync(redis, maxDelay: 10);
        using var recorded = new RecordedSpans(
            parent => parent.TraceFlags.HasFlag(ActivityTraceFlags.Recorded) ? ActivitySamplingResult.AllDataAndRecorded : ActivitySamplingResult.None,
            TeacherTelemetry.Name,
            "Microsoft.AspNetCore"
        );
        var spans = recorded.All;
        using var channel = service.Open();
        var client = new Teacher.TeacherClient(channel);
        var trace = ActivityTraceId.CreateRandom();
        var untraced = client.LabelAsync(CreateRequest(300, 4), CallIn(ActivityTraceId.CreateRandom(), "00")).ResponseAsync;
        while (service.Services.GetRequiredService<PassQueue>().Length < 4)
            await Task.Delay(5, TestContext.Current.CancellationToken);

        await Task.WhenAll(untraced, client.LabelAsync(CreateRequest(400, 4), CallIn(trace, "01")).ResponseAsync);

        Assert.Equal(
            ["teacher pass", "write cache"],
            spans.Where(span => span.Source.Name == TeacherTelemetry.Name).Select(span => span.OperationName).Order(StringComparer.Ordinal)
        );
        Assert.All(spans, span => Assert.Equal(trace, span.TraceId));

        static CallOptions CallIn(ActivityTraceId trace, string flags) =>
            new(new Metadata { { "traceparent", $"00-{trace}-{ActivitySpanId.CreateRandom()}-{flags}" } });
    }

    [Fact]
    public void Instruments_All_HaveUnitsDescriptionsAndBucketsThatFit()
    {
        TeacherMetrics? metrics = null;

        var instruments = Instruments.Check(factory =>
        {
            metrics = new TeacherMetrics(factory);
            _ = new PassQueue(Options.Create(new BatchingOptions()), TimeProvider.System, metrics);
            _ = new NoLogitsCache(metrics);
        });

        Assert.Equal(13, instruments.Count);
        Assert.Equal(Enumerable.Range(0, 10).Select(power => 1 << power), metrics!.BatchSize.Advice!.HistogramBucketBoundaries!);
    }

    private static MeterListener Listen(Action<string, double> record)
    {
        var meters = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == TeacherTelemetry.Name)
                    listener.EnableMeasurementEvents(instrument);
            },
        };
        meters.SetMeasurementEventCallback<long>((instrument, value, _, _) => record(instrument.Name, value));
        meters.SetMeasurementEventCallback<double>((instrument, value, _, _) => record(instrument.Name, value));
        meters.SetMeasurementEventCallback<int>((instrument, value, _, _) => record(instrument.Name, value));
        meters.Start();
        return meters;
    }

    // Calls that share a pass fill it, so that it does not wait for the delay.
    private static Task<RunningService> StartAsync(RedisServer redis, double maxDelay = 0.05) =>
        RunningService.StartAsync(
            TeacherExtensions.BuildTeacherService,
            "--Teacher:Architecture=cifar-resnet20",
            "--Teacher:Weights=random",
            "--Batching:MaxBatch=8",
            $"--Batching:MaxDelay={TimeSpan.FromSeconds(maxDelay)}",
            $"--ConnectionStrings:cache=127.0.0.1:{redis.Port}"
        );

    private static LabelRequest CreateRequest(int first, int count)
    {
        var ids = new byte[count * ViewId.Length];
        for (var i = 0; i < count; i++)
            new ViewId((UInt128)(ulong)(first + i + 1)).CopyTo(ids.AsSpan(i * ViewId.Length));
        return new LabelRequest
        {
            ViewIds = ByteString.CopyFrom(ids),
            Pixels = ByteString.CopyFrom(new byte[count * ViewRenderer.ByteCount(Side)]),
            Height = Side,
            Width = Side,
        };
    }
}
