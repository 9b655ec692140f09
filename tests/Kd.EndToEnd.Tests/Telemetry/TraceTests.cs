using Kd.EndToEnd.Tests.Hosting;
using Kd.Tests;

namespace Kd.EndToEnd.Tests.Telemetry;

[Collection(nameof(OneAppHost))]
public sealed class TraceTests
{
    [Fact]
    public async Task Run_WithACollector_TraceOfAnEpochReachesThroughAllServices()
    {
        using var folder = TestFiles.CreateFolder();
        await using var collector = await TraceCollector.StartAsync();

        var (exitCode, output) = await AppHostProcess.RunAsync(
            [.. AppHostProcess.Small, "--Run:Study=false", "--Distillation:Method=kd-curriculum", $"--Run:Folder={folder.Path}"],
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
        Assert.Equal(3, trace.Count(span => span.Name == "train.step"));
        Assert.All(trace.Where(span => span.Name == "train.step"), step => Assert.Equal(epochs[0].Id, step.ParentId));
    }
}
