using Kd.Protocol.Curriculum.V1;
using Kd.StudentTrainer.Batches;
using Kd.StudentTrainer.Checkpoints;
using Kd.StudentTrainer.Reports;

namespace Kd.StudentTrainer.Runs;

/// <summary>
/// The gate: what the curriculum is worth. A sweep finds the best fixed threshold, exploring runs teach a policy on a simulator; then all arms run with the same seeds, and each is
/// compared with kd pair by pair.
/// </summary>
/// <param name="context">What the runs share.</param>
/// <param name="folder">Where results go.</param>
internal sealed class CurriculumStudy(RunContext context, RunFolder folder)
{
    // Seeds of the preparation are not those of the comparison.
    private const int PreparationSeeds = 1000;
    private const int Explorations = 4,
        Fitted = 2,
        Episodes = 2000;

    /// <summary>Runs what is not finished, and writes the report.</summary>
    public void Execute(CancellationToken cancellation)
    {
        var study = new Study(context, folder, several: true);
        var training = context.Configuration.Training;
        var perEpoch = BatchPlan.Count(context.Dataset.Train.Count, training.BatchSize);
        var arms = new CurriculumArms(training.Updates > 0 ? training.Updates : training.Epochs * perEpoch);
        study.RunTeacher(cancellation);
        var best = Sweep(study, arms, cancellation);
        var lesson = Learn(study, arms, cancellation);
        var equal = arms.AtEqualUpdates(best, LearntName);
        study.RunAll([.. equal, .. arms.WithFewerSamples], cancellation);
        var report = new CurriculumReport(context, study, equal, arms.WithFewerSamples, best, lesson);
        report.Write(folder);
        context.Progress.Finish(CurriculumReport.Headers, report.Rows(), folder.Path);
    }

    private string LearntName => context.Id + ".warm";

    private long FirstSeed => context.Configuration.Run.Seed + PreparationSeeds;

    private double Sweep(Study study, CurriculumArms arms, CancellationToken cancellation) =>
        CurriculumArms
            .Thresholds.Select(threshold => (Threshold: threshold, Row: study.Run(arms.Sweep(threshold), FirstSeed, cancellation)))
            .MaxBy(entry => entry.Row.ValidationAccuracy)
            .Threshold;

    // What the agent did not take while a run was under way, and no later run of this process could deliver.
    private void DeliverLate(RunFolder run)
    {
        if (new CheckpointStore(run).Load(context.Progress.Note) is { State.Reports: { Count: > 0 } reports })
            context.Agent.Resume(reports.Select(ReportEpochRequest.Parser.ParseJson));
    }

    private LearnPolicyReply Learn(Study study, CurriculumArms arms, CancellationToken cancellation)
    {
        var sweeps = CurriculumArms.Thresholds.Select(threshold => (Arm: arms.Sweep(threshold), Seed: FirstSeed)).ToList();
        var explorations = Enumerable.Range(0, Explorations).Select(i => (Arm: arms.Explore, Seed: FirstSeed + i)).ToList();
        foreach (var (arm, seed) in explorations)
            study.Run(arm, seed, cancellation);
        foreach (var (arm, seed) in sweeps.Concat(explorations))
            DeliverLate(study.FolderOf(arm, seed));
        var request = new LearnPolicyRequest
        {
            Name = LearntName,
            Episodes = Episodes,
            Seed = context.Configuration.Run.Seed,
        };
        request.RunIds.AddRange(sweeps.Concat(explorations.Take(Fitted)).Select(NameAtAgent));
        request.HeldOutRunIds.AddRange(explorations.Skip(Fitted).Select(NameAtAgent));
        var reply = context.Agent.LearnAsync(request, cancellation).GetAwaiter().GetResult();
        context.Progress.Note(
            FormattableString.Invariant(
                $"a policy learnt on a simulator of {reply.FittedEpochs} epochs in {reply.Seconds:F1} s; its accuracy on runs that it did not know: off by {reply.StepError:F2} points an epoch ahead, {reply.FinalError:F2} at the end"
            )
        );
        return reply;

        string NameAtAgent((StudyArm Arm, long Seed) run) => $"{study.IdOf(run.Arm, run.Seed)}.{run.Arm.Method}";
    }
}
