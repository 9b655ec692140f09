using System.Diagnostics;
using System.Diagnostics.Metrics;
using Kd.CurriculumAgent.Policies;
using Kd.ServiceDefaults.Telemetry;

namespace Kd.CurriculumAgent.Runs;

/// <summary>The service's activity source and instruments.</summary>
internal static class AgentTelemetry
{
    /// <summary>Name of the activity source and of the meter.</summary>
    public const string Name = "Kd.CurriculumAgent";

    /// <summary>The span in which a report is taken and the next epoch is decided.</summary>
    public const string Decide = "decide next epoch";

    private static readonly Meter s_meter = new(Name);

    public static ActivitySource Source { get; } = new(Name);

    public static Counter<long> Decisions { get; } =
        s_meter.CreateCounter<long>("kd.curriculum.decisions", "{decision}", "Epochs that a policy has decided about");

    public static Histogram<double> DecisionDuration { get; } =
        s_meter.CreateDurationHistogram("kd.curriculum.decision.duration", "Time to store a report, learn from it and decide about the next epoch");

    /// <summary>Tells a decision: what the last epoch earned, and what the next one is to do.</summary>
    /// <param name="activity">The span that it was made in.</param>
    /// <param name="duration">How long it took.</param>
    /// <param name="settings">The run.</param>
    /// <param name="epoch">The epoch that was reported, from 0.</param>
    /// <param name="answer">The decision; without a target after the last epoch.</param>
    public static void Decided(Activity? activity, TimeSpan duration, RunSettings settings, int epoch, EpochAnswer answer)
    {
        var policy = (settings.Policy?.Kind ?? PolicyKind.Ppo).ToName();
        activity
            ?.SetTag("kd.curriculum.run.id", settings.RunId)
            .SetTag("kd.run.epoch", epoch)
            .SetTag("kd.curriculum.policy", policy)
            .SetTag("kd.curriculum.reward", answer.Reward.Total)
            .SetTag("kd.curriculum.next_temperature", answer.Target?.Temperature)
            .SetTag("kd.curriculum.next_threshold", answer.Target?.Threshold)
            .SetTag("kd.curriculum.next_epoch_ratio", answer.Target?.EpochRatio)
            .SetTag("kd.curriculum.next_prune_probability", answer.Target?.PruneProbability);
        if (answer.Target is null)
            return;
        Decisions.Add(1, new KeyValuePair<string, object?>("kd.curriculum.policy", policy));
        DecisionDuration.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("kd.curriculum.policy", policy));
    }
}
