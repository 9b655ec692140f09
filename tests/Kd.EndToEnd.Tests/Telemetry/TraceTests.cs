using System.Diagnostics;
using Kd.EndToEnd.Tests.Hosting;

namespace Kd.EndToEnd.Tests.Telemetry;

[Collection(nameof(OneAppHost))]
public sealed class TraceTests
{
    [Fact]
    public async Task Run_WithACollector_TraceOfAnEpochReachesThroughAllServices()
    {
        await using var collector = await TraceCollector.StartAsync();
        await using var application = await RunningApplication.StartAsync(
            collector.Address,
            ["--Run:Study=false", "--Distillation:Method=kd-curriculum", "--Curriculum:Resolutions=none", "--Training:BatchSize=2", "--Teacher:Replicas=2"]
        );
        await application.WaitForTrainerAsync("finished");
        await WaitForAsync(() => Ended(collector).Count == 2 && Epochs(collector).Count == 2);

        var epochs = Epochs(collector);
        Assert.Equal(["epoch 1/2 kd-curriculum", "epoch 2/2 kd-curriculum"], epochs.Select(epoch => epoch.Name).Order(StringComparer.Ordinal));
        var trace = collector.Spans.Where(span => span.TraceId == epochs[0].TraceId).ToList();
        AssertHasSpansOfAllServices(trace);
        AssertEachTracedStepIsWhole(trace, epochs[0]);
        // Logs have the run and its epoch as attributes, and belong to its trace.
        var ended = Ended(collector);
        Assert.Equal(["0", "1"], ended.Select(log => log.Attributes["kd.run.epoch"]).Order(StringComparer.Ordinal));
        Assert.All(ended, log => Assert.True(Directory.Exists(Path.Combine(application.Folder, log.Attributes["kd.run.id"]))));
        Assert.Equal(epochs.Select(epoch => epoch.TraceId).Order(), ended.Select(log => log.TraceId).Order());
        // Each replica has a name of its own.
        Assert.Equal(2, collector.Spans.Where(span => span.Service == "teacher").Select(span => span.Instance).Distinct().Count());
    }

    private static void AssertHasSpansOfAllServices(List<Span> trace)
    {
        var names = trace.Select(span => $"{span.Service}: {span.Name}").Distinct().Order(StringComparer.Ordinal).ToList();
        string[] expected =
        [
            "trainer: train step",
            "trainer: prepare batch",
            "trainer: render views",
            "trainer: look up logits",
            "trainer: label views",
            "trainer: validate",
            "trainer: report epoch",
            "trainer: save checkpoint",
            "trainer: kd.teacher.v1.Teacher/Lookup",
            "trainer: kd.teacher.v1.Teacher/Label",
            "trainer: kd.curriculum.v1.Curriculum/ReportEpoch",
            "teacher: read cache",
            "teacher: write cache",
            "teacher: teacher pass",
            "agent: decide next epoch",
        ];
        foreach (var name in expected)
            Assert.True(names.Contains(name), $"the trace lacks '{name}'; it has:\n{string.Join('\n', names)}");
    }

    // About 20 of about 50 steps are traced, each with its preparation and calls; the other steps leave no spans here or in the called services.
    private static void AssertEachTracedStepIsWhole(List<Span> trace, Span epoch)
    {
        var steps = trace.Where(span => span.Name == "train step").ToList();
        Assert.InRange(steps.Count, 10, 20);
        Assert.All(steps, step => Assert.Equal(epoch.Id, step.ParentId));
        Assert.Equal(steps.Count, trace.Count(span => span.Name == "prepare batch"));
        Assert.Equal(steps.Count, trace.Count(span => span is { Service: "trainer", Name: "kd.teacher.v1.Teacher/Lookup" }));
        Assert.Equal(steps.Count, trace.Count(span => span is { Service: "teacher", Name: "read cache" }));
    }

    private static List<Span> Epochs(TraceCollector collector) =>
        [.. collector.Spans.Where(span => span is { Service: "trainer" } && span.Name.StartsWith("epoch ", StringComparison.Ordinal))];

    private static List<LogRecord> Ended(TraceCollector collector) =>
        [.. collector.Logs.Where(log => log is { Service: "trainer" } && log.Text.StartsWith("Epoch ended", StringComparison.Ordinal))];

    // Services export their telemetry every few seconds.
    private static async Task WaitForAsync(Func<bool> isSo)
    {
        var waited = Stopwatch.StartNew();
        while (!isSo() && waited.Elapsed < TimeSpan.FromSeconds(30))
            await Task.Delay(200, TestContext.Current.CancellationToken);
        // Wait for the spans of the other services too.
        await Task.Delay(TimeSpan.FromSeconds(6), TestContext.Current.CancellationToken);
    }
}
