using System.Diagnostics;
using Kd.CurriculumAgent.Environment;
using Kd.CurriculumAgent.Policies;
using Microsoft.Extensions.Options;

namespace Kd.CurriculumAgent.Runs;

/// <summary>All runs. What was answered is in a journal on disk first; since a run follows from its settings and reports, replaying the journal restores it.</summary>
internal sealed class RunStore
{
    private readonly AgentFolder _folder;
    private readonly LearntPolicies _learnt;
    private readonly int _updateEvery;
    private readonly ILogger<RunStore> _logger;
    private readonly Dictionary<string, CurriculumRun> _runs = [];
    private readonly Lock _gate = new();

    public RunStore(IOptions<AgentOptions> options, AgentFolder folder, LearntPolicies learnt, ILogger<RunStore> logger)
    {
        (_folder, _learnt, _logger, _updateEvery) = (folder, learnt, logger, options.Value.UpdateEvery);
    }

    /// <summary>Starts a run, or finds it again.</summary>
    /// <param name="settings">How it is started.</param>
    /// <param name="restart">Whether to forget the reports of a run of the same id; its journal is kept aside, one of each id.</param>
    /// <exception cref="RunConflictException">The run exists with other settings, or its learnt policy is not known.</exception>
    public EpochTarget Start(RunSettings settings, bool restart = false)
    {
        lock (_gate)
        {
            if (restart)
                Forget(settings.RunId);
            if (settings.Policy is { Kind: PolicyKind.PpoWarm } policy)
                settings = settings with { Policy = _learnt.Pin(policy) };
            if (Find(settings.RunId) is not { } run)
            {
                settings = settings with { UpdateEvery = _updateEvery };
                run = new CurriculumRun(settings, _learnt.Open);
                JournalOf(settings.RunId).Append(settings, null);
                _runs.Add(settings.RunId, run);
                _logger.RunStarted(settings.RunId, settings.Epochs);
            }
            else if (run.Settings with { UpdateEvery = 0 } != settings with { UpdateEvery = 0 })
            {
                throw new RunConflictException($"Run '{settings.RunId}' was started with other settings ({run.Settings}); a new run needs a new run_id.");
            }

            return run.First;
        }
    }

    /// <summary>Takes a report; one that was taken before gets the same answer.</summary>
    /// <exception cref="UnknownRunException">There is no such run.</exception>
    /// <exception cref="RunConflictException">An epoch was left out, or the run is over.</exception>
    public (EpochAnswer Answer, RunSettings Settings) Report(string runId, int epoch, EpochResult result)
    {
        lock (_gate)
        {
            var run = Find(runId) ?? throw new UnknownRunException(runId);
            if (epoch < run.Reported)
                return (run.AnswerOf(epoch), run.Settings);
            if (epoch > run.Reported || run.IsOver)
                throw new RunConflictException(
                    $"epoch is {epoch}; run '{runId}' has {run.Settings.Epochs} epochs (from 0){(run.IsOver ? " and is over" : $", and {run.Reported} is the next to report")}."
                );
            var started = Stopwatch.GetTimestamp();
            using var activity = AgentTelemetry.Source.StartActivity(AgentTelemetry.Decide);
            JournalOf(runId).Append(null, result);
            var answer = run.Report(result);
            AgentTelemetry.Decided(activity, Stopwatch.GetElapsedTime(started), run.Settings, epoch, answer);
            _logger.EpochReported(runId, epoch, result.Accuracy, answer.Reward.Total, answer.Target?.Temperature ?? 0, answer.Target?.Threshold ?? 0);
            return (answer, run.Settings);
        }
    }

    /// <summary>A run as it is now.</summary>
    /// <exception cref="UnknownRunException">There is no such run.</exception>
    public RunSnapshot Look(string runId)
    {
        lock (_gate)
        {
            var run = Find(runId) ?? throw new UnknownRunException(runId);
            return new RunSnapshot(run.Settings, [.. run.History], run.IsOver);
        }
    }

    private void Forget(string runId)
    {
        _runs.Remove(runId);
        var journal = JournalOf(runId).Path;
        if (!File.Exists(journal))
            return;
        File.Move(journal, journal + ".old", overwrite: true);
        _logger.RunForgotten(runId);
    }

    private CurriculumRun? Find(string runId)
    {
        if (_runs.TryGetValue(runId, out var known))
            return known;
        var journal = JournalOf(runId);
        if (!File.Exists(journal.Path))
            return null;
        CurriculumRun? run = null;
        foreach (var (start, report) in journal.Read())
        {
            if (start is not null)
                run = new CurriculumRun(start, _learnt.Open);
            else if (run is not null && report is { } result)
                run.Report(result);
        }

        if (run is null)
            return null;
        _runs.Add(runId, run);
        _logger.RunRestored(runId, run.Reported);
        return run;
    }

    private Journal JournalOf(string runId) => new(_folder.File(runId + ".jsonl"));
}

/// <summary>A run at a moment.</summary>
/// <param name="Settings">How it was started.</param>
/// <param name="Epochs">Reported epochs.</param>
/// <param name="IsOver">Whether there will be no more.</param>
internal sealed record RunSnapshot(RunSettings Settings, IReadOnlyList<EpochHistory> Epochs, bool IsOver);
