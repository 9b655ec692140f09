using System.Globalization;
using Kd.RunPage.Charts;
using Kd.Training.Artifacts;
using Kd.Training.Control;
using Microsoft.AspNetCore.Components;

namespace Kd.RunPage.Pages;

/// <summary>A study: its result table with the curves of its arms.</summary>
public sealed partial class StudyDetails
{
    private StudySummary? _study;
    private string _progress = "";

    /// <summary>Folder of the study, relative to Run:Folder.</summary>
    [SupplyParameterFromQuery]
    public string? Name { get; set; }

    /// <inheritdoc/>
    protected override TimeSpan Interval => TimeSpan.FromSeconds(3);

    /// <inheritdoc/>
    protected override bool Reload()
    {
        var study = Library.FindStudy(Name ?? "");
        var progress = Describe(study);
        var isNew = progress != _progress || study is null != _study is null || (study is not null && !study.HasSameContent(_study!));
        (_study, _progress) = (isNew ? study : _study, progress);
        return isNew;
    }

    private bool CanContinue => _study is { IsFinished: false, Runs.Count: > 0 } && !IsUnderWay(Monitor.Status);

    private bool IsUnderWay(RunStatus status) =>
        status is { IsUnderWay: true, Runs: > 0, Folder: { } folder } && Library.NameOf(folder).StartsWith(Name + "/", StringComparison.Ordinal);

    private string Describe(StudySummary? study)
    {
        var status = Monitor.Status;
        return study is { IsFinished: true } ? "Finished."
            : IsUnderWay(status) ? $"Run {status.Run} of {status.Runs} is in progress: {status.Method}, epoch {status.Epoch} of {status.Epochs}."
            : "Not finished; no run of it is in progress here.";
    }

    // The mean over the seeds of an arm, as far as all of them have come.
    private IReadOnlyList<ChartLine> Lines(Func<EpochMetrics, double> value) =>
        [.. _study!.Runs.GroupBy(_study.ArmOf).Select(arm => ChartLine.MeanOf(arm.Key, [.. arm.Select(run => Library.Metrics(run.Folder))], value))];

    private static string Result(RunSummary run) =>
        run.TestAccuracy is { } test
            ? string.Create(CultureInfo.InvariantCulture, $"test accuracy {test:F2}%")
            : string.Create(CultureInfo.InvariantCulture, $"best validation accuracy {run.BestAccuracy:F2}%");
}
