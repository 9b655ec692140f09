using System.Diagnostics;
using Kd.CurriculumAgent.Decisions;
using Kd.CurriculumAgent.Diagnostics;
using Kd.CurriculumAgent.Storage;
using Kd.Settings;
using Microsoft.Extensions.Options;

namespace Kd.CurriculumAgent.Runs;

/// <summary>Starts and restores runs and takes their reports.</summary>
/// <remarks>A run follows from its settings and reports, so replaying its journal restores it. The journal is written before an answer is sent.</remarks>
internal sealed class RunStore
{
    /// <summary>Number of runs in memory. An agent that works for weeks sees many more; their journals restore them.</summary>
    internal const int MostInMemory = 64;

    private readonly AgentFolder _folder;
    private readonly AgentMetrics _metrics;
    private readonly int _updateEvery;
    private readonly ILogger<RunStore> _logger;
    private readonly OrderedDictionary<string, CurriculumRun> _runs = [];
    private readonly Lock _gate = new();

    public RunStore(IOptions<AgentOptions> options, AgentFolder folder, AgentMetrics metrics, ILogger<RunStore> logger)
    {
        (_folder, _metrics, _logger, _updateEvery) = (folder, metrics, logger, options.Value.UpdateEvery);
    }

    /// <summary>Number of runs in memory.</summary>
    internal int InMemory => _runs.Count;

    /// <summary>Starts a run; a run that exists is continued.</summary>
    /// <param name="settings">Settings of the run.</param>
    /// <returns>Targets of epoch 0.</returns>
    /// <exception cref="RunConflictException">The run exists with other settings.</exception>
    public EpochTarget Start(RunSettings settings)
    {
        lock (_gate)
        {
            if (Find(settings.RunId) is not { } run)
            {
                settings = settings with { UpdateEvery = _updateEvery };
                run = new CurriculumRun(settings);
                JournalOf(settings.RunId).Append(settings, null);
                Keep(settings.RunId, run);
                _logger.RunStarted(settings.RunId, settings.Epochs);
            }
            else if (run.Settings with { UpdateEvery = 0 } != settings with { UpdateEvery = 0 })
            {
                throw new RunConflictException($"Run '{settings.RunId}' was started with other settings ({run.Settings}); a new run needs a new run_id.");
            }

            return run.First;
        }
    }

    /// <summary>Records a report; a repeated report gets the same answer.</summary>
    /// <exception cref="UnknownRunException">The run does not exist.</exception>
    /// <exception cref="RunConflictException">An epoch was skipped, or the run is over.</exception>
    public (EpochAnswer Answer, RunSettings Settings) Report(string runId, int epoch, EpochResult result)
    {
        lock (_gate)
        {
            var run = Find(runId) ?? throw new UnknownRunException(runId);
            if (epoch < run.Reported)
                return (run.GetAnswer(epoch), run.Settings);
            if (epoch > run.Reported || run.IsOver)
                throw new RunConflictException(
                    $"epoch is {epoch}; run '{runId}' has {run.Settings.Epochs} epochs (from 0)"
                        + (run.IsOver ? " and is over." : $", and {run.Reported} is the next to report.")
                );
            var started = Stopwatch.GetTimestamp();
            using var activity = AgentTelemetry.Source.StartActivity(AgentTelemetry.Decide);
            if (run.Settings.Sizes is not null && result.Probe is null)
                throw new RunConflictException($"Run '{runId}' decides about sizes, and the report of epoch {epoch} lacks the probe.");
            JournalOf(runId).Append(null, result);
            var answer = run.Report(result);
            RecordDecision(activity, Stopwatch.GetElapsedTime(started), run.Settings, epoch, answer);
            _logger.EpochReported(runId, epoch, result.Accuracy, answer.Reward.Total, answer.Target?.Temperature ?? 0, answer.Target?.Threshold ?? 0);
            return (answer, run.Settings);
        }
    }

    private void RecordDecision(Activity? activity, TimeSpan duration, RunSettings settings, int epoch, EpochAnswer answer)
    {
        var policy = (settings.Policy?.Kind ?? PolicyKind.Ppo).ToName();
        activity
            ?.SetTag("kd.curriculum.run.id", settings.RunId)
            .SetTag("kd.run.epoch", epoch)
            .SetTag("kd.curriculum.policy", policy)
            .SetTag("kd.curriculum.reward", answer.Reward.Total)
            .SetTag("kd.curriculum.next_temperature", answer.Target?.Temperature)
            .SetTag("kd.curriculum.next_threshold", answer.Target?.Threshold)
            .SetTag("kd.curriculum.next_size", answer.Target?.Size)
            .SetTag("kd.curriculum.next_epoch_ratio", answer.Target?.EpochRatio)
            .SetTag("kd.curriculum.next_prune_probability", answer.Target?.PruneProbability);
        if (answer.Target is not null)
            _metrics.RecordDecision(policy, duration);
    }

    private CurriculumRun? Find(string runId)
    {
        if (_runs.TryGetValue(runId, out var known))
            return Keep(runId, known);
        var journal = JournalOf(runId);
        if (!File.Exists(journal.Path))
            return null;
        CurriculumRun? run = null;
        foreach (var (start, report) in journal.Read())
        {
            if (start is not null)
                run = new CurriculumRun(start);
            else if (run is not null && report is { } result)
                run.Report(result);
        }

        if (run is null)
            return null;
        _logger.RunRestored(runId, run.Reported);
        return Keep(runId, run);
    }

    // The last one is that used last; the first one leaves.
    private CurriculumRun Keep(string runId, CurriculumRun run)
    {
        _runs.Remove(runId);
        _runs.Add(runId, run);
        if (_runs.Count > MostInMemory)
            _runs.RemoveAt(0);
        return run;
    }

    private Journal JournalOf(string runId) => new(_folder.File(runId + ".jsonl"));
}
