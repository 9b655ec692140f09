using System.Diagnostics.Metrics;
using Kd.ServiceDefaults.Telemetry;

namespace Kd.CurriculumAgent.Diagnostics;

/// <summary>The service's instruments.</summary>
internal sealed class AgentMetrics
{
    public AgentMetrics(IMeterFactory factory)
    {
        var meter = factory.Create(AgentTelemetry.Name);
        Decisions = meter.CreateCounter<long>("kd.curriculum.decisions", "{decision}", "Epochs that a policy has decided about");
        DecisionDuration = meter.CreateDurationHistogram(
            "kd.curriculum.decision.duration",
            "Time to store a report, learn from it and decide about the next epoch"
        );
    }

    public Counter<long> Decisions { get; }

    public Histogram<double> DecisionDuration { get; }

    /// <summary>Counts a decision.</summary>
    /// <param name="policy">Name of the policy.</param>
    /// <param name="duration">Duration of the decision.</param>
    public void RecordDecision(string policy, TimeSpan duration)
    {
        var tag = new KeyValuePair<string, object?>("kd.curriculum.policy", policy);
        Decisions.Add(1, tag);
        DecisionDuration.Record(duration.TotalSeconds, tag);
    }
}
