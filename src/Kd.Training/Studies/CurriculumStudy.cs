using Kd.Protocol.Curriculum.V1;
using Kd.Settings;
using Kd.Training.Artifacts;
using Kd.Training.Control;
using Kd.Training.Curriculum;
using Kd.Training.Runs;

namespace Kd.Training.Studies;

/// <summary>
/// Tests whether a curriculum beats kd. A sweep finds the best fixed threshold, and a policy is trained on a simulator of exploring runs; then all arms
/// run with the same seeds, and each is compared with kd in pairs.
/// </summary>
/// <param name="setup">The study.</param>
/// <param name="study">Runs its arms.</param>
/// <param name="agent">The curriculum agent.</param>
/// <param name="monitor">Shows the study.</param>
internal sealed class CurriculumStudy(RunSetup setup, Study study, CurriculumClient agent, RunMonitor monitor)
{
    // Keeps the seeds of the preparation apart from those of the comparison.
    private const int PreparationSeeds = 1000;

    private const int Explorations = 4,
        Fitted = 2,
        Episodes = 2000;

    private string PolicyName => setup.Id + ".warm";

    private long FirstSeed => setup.Configuration.Run.Seed + PreparationSeeds;

    /// <summary>Runs what is not finished, and writes the report.</summary>
    /// <returns>The table.</returns>
    public ResultRows Execute(CancellationToken cancellation)
    {
        var arms = new CurriculumArms(new RunLength(setup.Configuration, Methods.Kd, setup.Dataset.Train.Count).ExpectedUpdates);
        study.RunTeacher(cancellation);
        var bestThreshold = Sweep(arms, cancellation);
        var policy = LearnPolicy(arms, cancellation);
        var equal = arms.AtEqualUpdates(bestThreshold, PolicyName);
        study.RunAll([.. equal, .. arms.WithFewerSamples], cancellation);
        var report = new CurriculumReport(study, equal, arms.WithFewerSamples, bestThreshold, policy);
        report.Write(setup.Folder);
        return report.Table();
    }

    private double Sweep(CurriculumArms arms, CancellationToken cancellation) =>
        CurriculumArms
            .Thresholds.Select(threshold => (Threshold: threshold, Row: study.Run(arms.Sweep(threshold), FirstSeed, cancellation)))
            .MaxBy(entry => entry.Row.ValidationAccuracy)
            .Threshold;

    private LearnPolicyReply LearnPolicy(CurriculumArms arms, CancellationToken cancellation)
    {
        var sweeps = CurriculumArms.Thresholds.Select(threshold => (Arm: arms.Sweep(threshold), Seed: FirstSeed)).ToList();
        var explorations = Enumerable.Range(0, Explorations).Select(i => (Arm: arms.Explore, Seed: FirstSeed + i)).ToList();
        foreach (var (arm, seed) in explorations)
            study.Run(arm, seed, cancellation);
        foreach (var (arm, seed) in sweeps.Concat(explorations))
            QueueMissedReports(study.FolderOf(arm, seed));
        var request = new LearnPolicyRequest
        {
            Name = PolicyName,
            Episodes = Episodes,
            Seed = setup.Configuration.Run.Seed,
        };
        request.RunIds.AddRange(sweeps.Concat(explorations.Take(Fitted)).Select(NameAtAgent));
        request.HeldOutRunIds.AddRange(explorations.Skip(Fitted).Select(NameAtAgent));
        var reply = agent.LearnAsync(request, cancellation).GetAwaiter().GetResult();
        monitor.Note(
            FormattableString.Invariant($"learned a policy in {reply.Seconds:F1} s on a simulator of {reply.FittedEpochs} epochs; ")
                + FormattableString.Invariant($"the simulator's error on held-out runs: {reply.StepError:F2} points one epoch ahead, ")
                + FormattableString.Invariant($"{reply.FinalError:F2} at the end")
        );
        return reply;

        string NameAtAgent((StudyArm Arm, long Seed) run) => $"{study.IdOf(run.Arm, run.Seed)}.{run.Arm.Method}";
    }

    // Hands over the reports that the agent did not receive during the run and that no later run of this process could deliver.
    private void QueueMissedReports(RunFolder run)
    {
        if (new CheckpointStore(run).Load(monitor.Note) is { State.Reports: { Count: > 0 } reports })
            agent.Resume(reports.Select(ReportEpochRequest.Parser.ParseJson));
    }
}
