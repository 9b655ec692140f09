using Kd.Settings;
using Kd.Training.Artifacts;
using Kd.Training.Control;
using Kd.Training.Diagnostics;
using Kd.Training.Reports;
using Kd.Training.Runs;
using Kd.Training.Studies;

namespace Kd.Training.Tasks;

/// <summary>Runs studies, alone or with workers.</summary>
internal sealed class StudyRunner(
    BatchSourceFactory sources,
    Trainer trainer,
    RunMonitor monitor,
    RunControl control,
    IConfiguration host,
    TimeProvider time,
    ILogger<StudyRunner> logger
)
{
    /// <summary>The start of the host that this process belongs to; null: of none.</summary>
    public string? Start => host[SharedNames.HostStart];

    /// <summary>Runs what is not finished, and writes the table.</summary>
    public ResultRows Execute(RunSetup setup, CancellationToken cancellation)
    {
        var run = setup.Configuration.Run;
        using (logger.BeginRun(setup.Id))
            logger.StudyStarted(setup.Id, run.Study, run.Seeds, setup.Folder.Path);
        var study = Open(setup, cancellation);
        // Not by a process that shares the study of another trainer.
        using var board = setup.Folder.IsLocked ? new StudyBoard(setup.Folder, Start, monitor, control, time) : null;
        if (run.Study != StudyKinds.None)
            study.RunTeachers(cancellation);
        study.RunAll(StudyArm.All(setup.Configuration), cancellation);
        var rows = WriteTable(setup, study);
        using (logger.BeginRun(setup.Id))
            logger.StudyEnded(setup.Id);
        return rows;
    }

    /// <summary>Runs what no other process runs, until all runs of the study are finished or the trainer ends it.</summary>
    public void Help(RunSetup setup, CancellationToken cancellation)
    {
        using var member = new StudyMember(setup.Folder, monitor, control, time, cancellation);
        Open(setup, member.Ended).RunAll(StudyArm.All(setup.Configuration), member.Ended, idle: () => monitor.End("waiting"));
    }

    private Study Open(RunSetup setup, CancellationToken cancellation)
    {
        var run = setup.Configuration.Run;
        var isCurriculum = run.Study == StudyKinds.Curriculum;
        return new Study(
            setup,
            hasSeeds: isCurriculum || run.Seeds > 1,
            trainer,
            monitor,
            control,
            time,
            isCurriculum ? dataset => sources.OpenDataset(dataset, cancellation) : null
        );
    }

    private static ResultRows WriteTable(RunSetup setup, Study study)
    {
        if (setup.Configuration.Run.Study == StudyKinds.Curriculum)
        {
            var report = new CurriculumReport(study, CurriculumArms.All);
            setup.Folder.WriteAlone(() => report.Write(setup.Folder));
            return report.Table();
        }

        if (setup.Configuration.Run.Study == StudyKinds.Students)
        {
            var report = new StudentsReport(study, StudyArm.All(setup.Configuration));
            setup.Folder.WriteAlone(() => report.Write(setup.Folder));
            return report.Table();
        }

        var rows = ResultTable.Format(study.Rows);
        setup.Folder.WriteAlone(() => setup.Folder.WriteText(RunFolder.TableFile, ResultTable.ToMarkdown(rows)));
        return rows;
    }
}
