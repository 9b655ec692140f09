using System.Diagnostics;
using Kd.CurriculumAgent.Policies;
using Kd.CurriculumAgent.Runs;

namespace Kd.CurriculumAgent.Simulation;

/// <summary>Fits a simulator to recorded runs, has PPO learn on it, and keeps the network.</summary>
internal sealed class PolicyLessons(RunStore runs, LearntPolicies policies)
{
    private const int MeasuredEpisodes = 200;
    private readonly Lock _gate = new();

    /// <summary>Learns, or gives the result of the same request before.</summary>
    /// <exception cref="RunConflictException">The name has another policy, or a run is not finished.</exception>
    public LessonResult Learn(LessonRequest request)
    {
        lock (_gate)
        {
            if (policies.OriginOf<LessonResult>(request.Name) is { } known)
            {
                return known.Request.IsSame(request)
                    ? known
                    : throw new RunConflictException($"The policy '{request.Name}' was learnt from other runs or with other settings; choose another name.");
            }

            return LearnNow(request);
        }
    }

    private LessonResult LearnNow(LessonRequest request)
    {
        var started = Stopwatch.GetTimestamp();
        var (fitted, heldOut) = (request.Runs.Select(Read).ToList(), request.HeldOut.Select(Read).ToList());
        TrainingSimulator simulator;
        try
        {
            simulator = new TrainingSimulator([.. fitted.Select(run => run.Run)]);
        }
        catch (ArgumentException error)
        {
            throw new RunConflictException(error.Message);
        }

        var check = SimulatorCheck.Measure(simulator, [.. fitted.Select(run => run.Run)], [.. heldOut.Select(run => run.Run)]);
        var school = new PolicySchool(simulator, fitted[0].Settings.Epochs, fitted[0].Settings.InitialTemperature);
        var network = school.Train(request.Episodes, (ulong)request.Seed);
        var learnt = school.Measure(chance => new PpoPolicy(chance, int.MaxValue, network), MeasuredEpisodes, (ulong)request.Seed);
        var random = school.Measure(chance => new RandomActionPolicy(chance), MeasuredEpisodes, (ulong)request.Seed);
        var result = new LessonResult(request, check, learnt, random, simulator.FittedEpochs, Stopwatch.GetElapsedTime(started).TotalSeconds);
        policies.Save(request.Name, network, result);
        return result;
    }

    private (RunSettings Settings, RecordedRun Run) Read(string runId)
    {
        var run = runs.Look(runId);
        return run.IsOver
            ? (run.Settings, RecordedRun.From(run.Epochs))
            : throw new RunConflictException($"Run '{runId}' has {run.Epochs.Count} of {run.Settings.Epochs} epochs; only finished runs can be learnt from.");
    }
}

/// <summary>What to learn from.</summary>
internal sealed record LessonRequest(string Name, IReadOnlyList<string> Runs, IReadOnlyList<string> HeldOut, int Episodes, long Seed)
{
    public bool IsSame(LessonRequest other) =>
        (Name, Episodes, Seed) == (other.Name, other.Episodes, other.Seed) && Runs.SequenceEqual(other.Runs) && HeldOut.SequenceEqual(other.HeldOut);
}

/// <summary>What came of it.</summary>
/// <param name="Request">What was asked for.</param>
/// <param name="Check">How good the simulator is.</param>
/// <param name="LearntAccuracy">Mean accuracy at the end of simulated runs by the learnt policy, percent.</param>
/// <param name="RandomAccuracy">The same by random actions.</param>
/// <param name="FittedEpochs">Recorded epochs.</param>
/// <param name="Seconds">Time that it took.</param>
internal sealed record LessonResult(
    LessonRequest Request,
    SimulatorCheck Check,
    double LearntAccuracy,
    double RandomAccuracy,
    int FittedEpochs,
    double Seconds
);
