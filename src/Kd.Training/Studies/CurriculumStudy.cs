using Kd.Training.Control;
using Kd.Training.Runs;

namespace Kd.Training.Studies;

/// <summary>Tests whether a curriculum beats kd: all arms run with the same seeds and budget, and are compared in pairs.</summary>
/// <param name="setup">The study.</param>
/// <param name="study">Runs its arms.</param>
internal sealed class CurriculumStudy(RunSetup setup, Study study)
{
    /// <summary>Runs what is not finished, and writes the report.</summary>
    /// <returns>The table.</returns>
    public ResultRows Execute(CancellationToken cancellation)
    {
        study.RunTeacher(cancellation);
        study.RunAll(CurriculumArms.All, cancellation);
        var report = new CurriculumReport(study, CurriculumArms.All);
        setup.Folder.WriteAlone(() => report.Write(setup.Folder));
        return report.Table();
    }
}
