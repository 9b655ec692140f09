using System.Diagnostics;
using Kd.CurriculumAgent.Decisions;
using Kd.CurriculumAgent.Policies;
using Kd.CurriculumAgent.Simulation;
using Kd.CurriculumAgent.Storage;

namespace Kd.CurriculumAgent.Runs;

/// <summary>Fits a simulator to recorded runs, trains a policy in it by PPO and stores the network.</summary>
internal sealed class PolicyTrainer(RunStore runs, LearnedPolicies policies)
{
    private const int EvaluationEpisodes = 200;
    private readonly Lock _gate = new();

    /// <summary>Trains a policy; a repeated request returns the stored result.</summary>
    /// <exception cref="RunConflictException">A policy of that name comes from another request, or a run is not finished.</exception>
    public PolicyTrainingResult Train(PolicyTrainingRequest request)
    {
        lock (_gate)
        {
            if (policies.FindOrigin<PolicyTrainingResult>(request.Name) is { } known)
            {
                return known.Request.IsSame(request)
                    ? known
                    : throw new RunConflictException($"The policy '{request.Name}' was learned from other runs or with other settings; choose another name.");
            }

            return TrainNew(request);
        }
    }

    private PolicyTrainingResult TrainNew(PolicyTrainingRequest request)
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
        var training = new SimulatorTraining(simulator, fitted[0].Settings.Epochs, fitted[0].Settings.InitialTemperature);
        var network = training.Train(request.Episodes, (ulong)request.Seed);
        var learned = training.Evaluate(seed => new PpoPolicy(seed, int.MaxValue, network), EvaluationEpisodes, (ulong)request.Seed);
        var random = training.Evaluate(seed => new RandomActionPolicy(seed), EvaluationEpisodes, (ulong)request.Seed);
        var result = new PolicyTrainingResult(request, check, learned, random, simulator.FittedEpochs, Stopwatch.GetElapsedTime(started).TotalSeconds);
        policies.Save(request.Name, network, result);
        return result;
    }

    private (RunSettings Settings, RecordedRun Run) Read(string runId)
    {
        var run = runs.GetSnapshot(runId);
        return run.IsOver
            ? (run.Settings, RecordedRun.From(run.Epochs))
            : throw new RunConflictException($"Run '{runId}' has {run.Epochs.Count} of {run.Settings.Epochs} epochs; only finished runs can be used.");
    }
}
