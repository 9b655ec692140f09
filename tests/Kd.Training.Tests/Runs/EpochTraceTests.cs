using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Kd.Tests;
using Kd.Training.Artifacts;
using Kd.Training.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Kd.Training.Tests.Runs;

[Collection(nameof(OneTrainer))]
public sealed class EpochTraceTests
{
    // What the trainer does one after another; what is prepared beside it overlaps.
    private static readonly string[] s_phases =
    [
        "choose samples",
        "wait for batch",
        "train step",
        "refresh difficulty",
        "validate",
        "report epoch",
        "save results",
        "save checkpoint",
    ];

    private readonly ConcurrentQueue<Activity> _spans = new();
    private readonly LogList _logs = new();

    [Fact]
    public async Task Epoch_OfACurriculum_IsOneTraceThroughAllServices()
    {
        using var folder = TestFiles.CreateFolder();
        using var listener = Listen();

        await RunAsync(folder, "--Distillation:Method=kd-curriculum", "--Training:Epochs=2");

        string[] expected =
        [
            "choose samples < train epoch",
            "decide next epoch < report epoch",
            "label views < prepare batch",
            "look up logits < prepare batch",
            "prepare batch < train epoch",
            "read cache < look up logits",
            "refresh difficulty < train epoch",
            "render views < prepare batch",
            "report epoch < train epoch",
            "save checkpoint < train epoch",
            "save results < train epoch",
            "teacher pass < label views",
            "train epoch < ",
            "train step < train epoch",
            "validate < train epoch",
            "wait for batch < train epoch",
            "write cache < label views",
        ];
        var epochs = Epochs();
        Assert.Equal(["epoch 1/2 kd-curriculum", "epoch 2/2 kd-curriculum"], epochs.Select(epoch => epoch.DisplayName));
        foreach (var epoch in epochs)
        {
            var trace = _spans.Where(span => span.TraceId == epoch.TraceId).ToDictionary(span => span.SpanId);
            Assert.Equal(
                expected,
                trace
                    .Values.Where(IsOwn)
                    .Select(span => $"{span.OperationName} < {Caller(span, trace)?.OperationName}")
                    .Distinct()
                    .Order(StringComparer.Ordinal)
            );
            // 101 samples in batches of 32, all of them traced; 5 are carried into the second epoch, and 10 are left of that.
            foreach (var name in new[] { "wait for batch", "train step", "prepare batch", "render views", "look up logits", "read cache" })
                Assert.Equal((name, 3), (name, trace.Values.Count(span => span.OperationName == name)));
            Assert.All(trace.Values.Where(span => span.Source.Name == TrainingTelemetry.SourceName), span => Assert.Equal(Run(epoch), Run(span)));
            AssertAddsUp(
                epoch,
                s_phases.ToDictionary(name => name, name => trace.Values.Where(span => span.OperationName == name).Sum(span => span.Duration.TotalSeconds))
            );
        }

        Assert.Equal([("run", "kd-curriculum", 0), ("run", "kd-curriculum", 1)], epochs.Select(Run));
        AssertDecisionsAreTold(epochs);
    }

    [Fact]
    public async Task Epoch_OfManySteps_TracesSomeAndTellsTheSecondsOfAll()
    {
        using var folder = TestFiles.CreateFolder();
        using var listener = Listen();

        await RunAsync(folder, "--Distillation:Method=kd", "--Training:Epochs=1", "--Training:BatchSize=2");

        var epoch = Assert.Single(Epochs());
        var trace = _spans.Where(span => span.TraceId == epoch.TraceId).ToList();
        Assert.All(
            new[] { "train step", "prepare batch", "look up logits", "read cache" },
            name => Assert.Equal((name, 18), (name, trace.Count(span => span.OperationName == name)))
        );
        Assert.DoesNotContain(trace, span => span.OperationName is "report epoch" or "refresh difficulty");
        Assert.Null(epoch.GetTagItem("kd.epoch.report_epoch_seconds"));
        AssertAddsUp(epoch, []);
    }

    [Fact]
    public async Task Messages_OfARun_CarryItAndLeadToItsTraces()
    {
        using var folder = TestFiles.CreateFolder();
        using var listener = Listen();

        await RunAsync(folder, "--Distillation:Method=kd-curriculum", "--Training:Epochs=1", "--Run:Seeds=2");

        var epochs = Epochs();
        Assert.Equal(
            ["1 seed1", "1 seed2"],
            epochs.Select(epoch => $"{(int)epoch.GetTagItem("kd.run.epoch")! + 1} {((string)epoch.GetTagItem("kd.run.id")!).Split('.')[^1]}")
        );
        Assert.Equal(["run", "run"], Logs("Study run").Select(log => log.Scopes["kd.run.id"]));
        Assert.Equal(
            epochs.Select(epoch => (epoch.TraceId, epoch.GetTagItem("kd.run.id"), (object?)0)),
            Logs("Epoch ended").Select(log => (log.TraceId, log.Scopes["kd.run.id"], log.Scopes.GetValueOrDefault("kd.run.epoch")))
        );
        foreach (var text in new[] { "student with", "test images correct" })
            Assert.Equal(
                epochs.Select(epoch => (epoch.GetTagItem("kd.run.id"), (object?)"kd-curriculum")),
                Logs(text).Select(log => (log.Scopes["kd.run.id"], log.Scopes["kd.run.method"]))
            );
        // The agent's word of each epoch, and the teacher's that its cache, which nobody has started here, is gone.
        Assert.Equal(epochs.Select(epoch => epoch.TraceId), Logs("next temperature").Select(log => log.TraceId));
        Assert.Contains(Assert.Single(Logs("Redis is away")).TraceId, epochs.Select(epoch => epoch.TraceId));
    }

    [Fact]
    public async Task Metrics_OfAnEpoch_AreThoseOfItsLine()
    {
        using var folder = TestFiles.CreateFolder();
        var values = new ConcurrentDictionary<string, double>();
        using var meters = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument is Gauge<double> && instrument.Meter.Name == TrainingTelemetry.SourceName)
                    listener.EnableMeasurementEvents(instrument);
            },
        };
        meters.SetMeasurementEventCallback<double>((instrument, value, tags, _) => values[$"{instrument.Name} {tags[0].Key}={tags[0].Value}"] = value);
        meters.Start();

        await RunAsync(folder, "--Distillation:Method=kd-curriculum", "--Training:Epochs=2");

        var last = RunFolder.ParseMetrics(File.ReadLines(folder.File("run/metrics.jsonl")))[^1];
        var expected = new Dictionary<string, double?>
        {
            ["epoch.loss"] = last.Loss,
            ["epoch.accuracy"] = last.ValidationAccuracy,
            ["throughput"] = last.ImagesPerSecond,
            ["epoch.temperature"] = last.Temperature,
            ["epoch.threshold"] = last.Threshold,
            ["epoch.reward"] = last.Reward,
        };
        Assert.Equal(expected.ToDictionary(pair => $"kd.training.{pair.Key} kd.run.method=kd-curriculum", pair => pair.Value!.Value), values.ToDictionary());
    }

    private void AssertDecisionsAreTold(List<Activity> epochs)
    {
        var decisions = _spans.Where(span => span.OperationName == "decide next epoch").OrderBy(span => span.StartTimeUtc).ToList();
        Assert.Equal(epochs.Select(epoch => epoch.TraceId), decisions.Select(decision => decision.TraceId));
        foreach (var (epoch, decision) in epochs.Zip(decisions))
        {
            Assert.Equal("ppo", decision.GetTagItem("kd.curriculum.policy"));
            Assert.Equal(decision.GetTagItem("kd.curriculum.reward"), epoch.GetTagItem("kd.epoch.reward"));
            foreach (var name in new[] { "kd.curriculum.next_temperature", "kd.curriculum.next_threshold" })
                Assert.Equal((decision == decisions[^1], decision.GetTagItem(name)), (epoch.GetTagItem(name) is null, epoch.GetTagItem(name)));
        }
    }

    /// <summary>The seconds on an epoch are those of its spans, where they are given, and cover nearly all of it.</summary>
    private static void AssertAddsUp(Activity epoch, Dictionary<string, double> phases)
    {
        var told = epoch
            .TagObjects.Where(tag => tag.Key.EndsWith("_seconds", StringComparison.Ordinal))
            .ToDictionary(tag => tag.Key, tag => (double)tag.Value!);
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{epoch.DisplayName}: {told.Values.Sum() / epoch.Duration.TotalSeconds:P1} of {epoch.Duration.TotalSeconds:F3} s: {string.Join(", ", told)}"
        );
        Assert.InRange(told.Values.Sum() / epoch.Duration.TotalSeconds, 0.9, 1);
        foreach (var (name, seconds) in phases)
            Assert.Equal(told[$"kd.epoch.{name.Replace(' ', '_')}_seconds"], seconds, 0.02);
    }

    private List<Activity> Epochs() => [.. _spans.Where(span => span.OperationName == "train epoch").OrderBy(span => span.StartTimeUtc)];

    private List<LogList.Message> Logs(string text) => [.. _logs.Messages.Where(message => message.Text.Contains(text, StringComparison.Ordinal))];

    private static bool IsOwn(Activity span) => span.Source.Name.StartsWith("Kd.", StringComparison.Ordinal);

    private static (object?, object?, object?) Run(Activity span) =>
        (span.GetTagItem("kd.run.id"), span.GetTagItem("kd.run.method"), span.GetTagItem("kd.run.epoch"));

    /// <summary>The span of ours that led to this one, whatever gRPC and HTTP have in between.</summary>
    private static Activity? Caller(Activity span, Dictionary<ActivitySpanId, Activity> trace)
    {
        var parent = trace.GetValueOrDefault(span.ParentSpanId);
        return parent is null || IsOwn(parent) ? parent : Caller(parent, trace);
    }

    private async Task RunAsync(TemporaryFolder folder, params string[] settings)
    {
        await using var teacher = await TrainerRuns.StartTeacherAsync($"--ConnectionStrings:cache=127.0.0.1:{RunningService.FreePort()}");
        await using var agent = await TrainerRuns.StartAgentAsync(folder.File("agent"));
        await using var trainer = TrainerRuns.Build(
            folder.Path,
            "run",
            [$"--TeacherClient:Address={teacher.Grpc}", $"--AgentClient:Address={agent.Grpc}", .. settings]
        );
        foreach (var services in new[] { teacher.Services, agent.Services, trainer.Services })
            services.GetRequiredService<ILoggerFactory>().AddProvider(_logs);
        await trainer.StartAsync(TestContext.Current.CancellationToken);
        await trainer.WaitForShutdownAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, trainer.Services.GetRequiredService<Kd.ServiceDefaults.Settings.RunOutcome>().ExitCode);
    }

    // As the services' own tracing does: what lies below a span that is not recorded is not recorded either.
    private ActivityListener Listen()
    {
        var listener = new ActivityListener
        {
            ShouldListenTo = source =>
                source.Name.StartsWith("Kd.", StringComparison.Ordinal) || source.Name is "Microsoft.AspNetCore" or "Grpc.Net.Client" or "System.Net.Http",
            Sample = (ref ActivityCreationOptions<ActivityContext> options) =>
                options.Parent == default || options.Parent.TraceFlags.HasFlag(ActivityTraceFlags.Recorded)
                    ? ActivitySamplingResult.AllDataAndRecorded
                    : ActivitySamplingResult.None,
            ActivityStopped = _spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }
}
