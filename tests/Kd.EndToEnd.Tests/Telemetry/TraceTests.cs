using Kd.EndToEnd.Tests.Hosting;
using Kd.Tests;

namespace Kd.EndToEnd.Tests.Telemetry;

[Collection(nameof(OneAppHost))]
public sealed class TraceTests
{
    [Fact(Skip = "Aspire hands the dashboard's address to the services, so the collector of this test gets nothing: to be rewritten. EpochTraceTests cover the trace within the services.")]
    public async Task Run_WithACollector_TraceOfAnEpochReachesThroughAllServices()
    {
        using var folder = TestFiles.CreateFolder();
        await using var collector = await TraceCollector.StartAsync();

        var (exitCode, output) = await AppHostProcess.RunAsync(
            [.. AppHostProcess.Small, "--Run:Study=false", "--Distillation:Method=kd-curriculum", "--Training:BatchSize=2", $"--Run:Folder={folder.Path}"],
            ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.Address), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"));

        Assert.True(exitCode == 0, output);
        var spans = collector.Spans;
        var epochs = spans.Where(span => span.Name == "train.epoch").ToList();
        Assert.Equal(2, epochs.Count);
        var trace = spans.Where(span => span.TraceId == epochs[0].TraceId).ToList();
        var names = trace.Select(span => $"{span.Service}: {span.Name}").Distinct().Order(StringComparer.Ordinal).ToList();
        string[] expected =
        [
            "trainer: train.epoch", "trainer: train.step", "trainer: kd.teacher.v1.Teacher/Lookup", "trainer: kd.teacher.v1.Teacher/Label", "trainer: kd.curriculum.v1.Curriculum/ReportEpoch",
            "teacher: cache.lookup", "teacher: cache.store", "teacher: teacher.forward",
        ];
        foreach (var name in expected)
            Assert.True(names.Contains(name), $"the trace lacks '{name}'; it has:\n{string.Join('\n', names)}");
        Assert.Contains(trace, span => span.Service == "agent");
        // Of about 50 steps about 20 are traced, each with its preparation and its calls; the others leave nothing here or in the services that they call.
        var steps = trace.Count(span => span.Name == "train.step");
        Assert.InRange(steps, 10, 20);
        Assert.Equal(steps, trace.Count(span => span.Name == "batch.prepare"));
        Assert.Equal(steps, trace.Count(span => span is { Service: "trainer", Name: "kd.teacher.v1.Teacher/Lookup" }));
        Assert.Equal(steps, trace.Count(span => span is { Service: "teacher", Name: "cache.lookup" }));
        Assert.All(trace.Where(span => span.Name == "train.step"), step => Assert.Equal(epochs[0].Id, step.ParentId));
        // Logs carry the run and its epoch, and lead to its trace; the terminal stays without them.
        var ended = collector.Logs.Where(log => log is { Service: "trainer" } && log.Text.StartsWith("Epoch ended", StringComparison.Ordinal)).ToList();
        Assert.Equal(["0", "1"], ended.Select(log => log.Attributes["kd.run.epoch"]));
        Assert.All(ended, log => Assert.True(Directory.Exists(folder.File(log.Attributes["kd.run.id"]))));
        Assert.Equal(epochs.Select(epoch => epoch.TraceId).Order(), ended.Select(log => log.TraceId).Order());
        Assert.DoesNotContain("Epoch ended", output);
    }
}
