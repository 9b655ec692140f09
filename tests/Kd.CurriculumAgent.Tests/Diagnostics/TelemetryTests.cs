using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Grpc.Core;
using Kd.CurriculumAgent.Diagnostics;
using Kd.CurriculumAgent.Hosting;
using Kd.Protocol.Curriculum.V1;
using Kd.Tests;

namespace Kd.CurriculumAgent.Tests.Diagnostics;

/// <summary>Runs alone: a listener sees the instruments and spans of every agent in the process.</summary>
[CollectionDefinition(nameof(OneAgent), DisableParallelization = true)]
public sealed class OneAgent;

[Collection(nameof(OneAgent))]
public sealed class TelemetryTests
{
    [Fact]
    public async Task ReportEpoch_OfATracedCall_TellsTheDecisionOnceInASpanOfThatTrace()
    {
        using var recorded = new RecordedSpans(_ => ActivitySamplingResult.AllDataAndRecorded, AgentTelemetry.Name, "Microsoft.AspNetCore");
        var spans = recorded.All;
        var counts = new ConcurrentDictionary<string, int>();
        using var meters = Listen((name, policy) => counts.AddOrUpdate($"{name} {policy}", 1, (_, count) => count + 1));
        using var folder = TestFiles.CreateFolder();
        await using var agent = await RunningService.StartAsync(CurriculumExtensions.BuildCurriculumAgent, $"--Agent:StateFolder={folder.Path}");
        using var channel = agent.Open();
        var client = new Curriculum.CurriculumClient(channel);
        await client.StartRunAsync(Start());
        var trace = ActivityTraceId.CreateRandom();

        var first = await client.ReportEpochAsync(Report(0), CallIn(trace));
        await client.ReportEpochAsync(Report(0), CallIn(trace));
        var last = await client.ReportEpochAsync(Report(1), CallIn(trace));

        // A repeated report is answered without a decision, and after the last epoch there is none.
        var decisions = spans.Where(span => span.OperationName == "decide next epoch").ToList();
        Assert.Equal([0, 1], decisions.Select(span => span.GetTagItem("kd.run.epoch")));
        Assert.All(
            decisions,
            span =>
                Assert.Equal((trace, "run", "random-action"), (span.TraceId, span.GetTagItem("kd.curriculum.run.id"), span.GetTagItem("kd.curriculum.policy")))
        );
        Assert.Equal(
            (first.Reward.Total, first.Target.Temperature, first.Target.Threshold),
            (
                decisions[0].GetTagItem("kd.curriculum.reward"),
                decisions[0].GetTagItem("kd.curriculum.next_temperature"),
                decisions[0].GetTagItem("kd.curriculum.next_threshold")
            )
        );
        Assert.Equal(
            (last.Reward.Total, (object?)null),
            (decisions[1].GetTagItem("kd.curriculum.reward"), decisions[1].GetTagItem("kd.curriculum.next_temperature"))
        );
        Assert.Equal(new() { ["kd.curriculum.decisions random-action"] = 1, ["kd.curriculum.decision.duration random-action"] = 1 }, counts.ToDictionary());
    }

    [Fact]
    public void Instruments_All_HaveUnitsDescriptionsAndBucketsThatFit()
    {
        AgentMetrics? metrics = null;

        Assert.Equal(2, Instruments.Check(factory => metrics = new AgentMetrics(factory)).Count);

        Assert.Equal(("{decision}", "s"), (metrics!.Decisions.Unit, metrics.DecisionDuration.Unit));
    }

    private static MeterListener Listen(Action<string, object?> record)
    {
        var meters = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == AgentTelemetry.Name)
                    listener.EnableMeasurementEvents(instrument);
            },
        };
        meters.SetMeasurementEventCallback<long>((instrument, _, tags, _) => record(instrument.Name, tags[0].Value));
        meters.SetMeasurementEventCallback<double>((instrument, _, tags, _) => record(instrument.Name, tags[0].Value));
        meters.Start();
        return meters;
    }

    private static StartRunRequest Start() =>
        new()
        {
            RunId = "run",
            Epochs = 2,
            InitialTemperature = 4,
            Strategy = Strategy.EasyToHard,
            EpochRatio = 0.7,
            Seed = 1,
            Policy = new PolicySettings { Policy = Policy.RandomAction },
        };

    private static ReportEpochRequest Report(int epoch) =>
        new()
        {
            RunId = "run",
            Epoch = epoch,
            Accuracy = 61 + epoch,
            Loss = 1.5,
            Difficulty = 0.4,
        };

    private static CallOptions CallIn(ActivityTraceId trace) => new(new Metadata { { "traceparent", $"00-{trace}-{ActivitySpanId.CreateRandom()}-01" } });
}
