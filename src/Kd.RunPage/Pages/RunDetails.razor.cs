using System.Globalization;
using Kd.RunPage.Components;
using Kd.Training.Artifacts;
using Microsoft.AspNetCore.Components;

namespace Kd.RunPage.Pages;

/// <summary>A run of the library: headline figures, and a section of its details.</summary>
public sealed partial class RunDetails
{
    private RunSummary? _run;
    private StudySummary? _study;
    private IReadOnlyList<EpochMetrics> _epochs = [];

    /// <summary>Folder of the run, relative to Run:Folder.</summary>
    [SupplyParameterFromQuery]
    public string? Name { get; set; }

    /// <summary>The section in the address.</summary>
    [SupplyParameterFromQuery]
    public string? Tab { get; set; }

    private string Section => RunSection.Choose(Tab, RunSection.OfRun);

    private IReadOnlyList<Figure> Headline =>
        [
            .. RunFigures.Accuracies(_epochs, _run?.TestAccuracy, _study),
            new("Epochs", $"{_epochs.Count}", "", "epochs"),
            new("Training loss", _epochs.Count == 0 ? "-" : _epochs[^1].Loss.ToString("F3", CultureInfo.InvariantCulture), "last epoch"),
            new("Time", Kd.Training.Control.ProgressBar.FormatTime(TimeSpan.FromSeconds(_epochs.Sum(epoch => epoch.Seconds))), "of all epochs"),
            RunFigures.Saved(_epochs, null),
        ];

    /// <inheritdoc/>
    protected override bool Reload()
    {
        var run = Library.Find(Name ?? "");
        if (run == _run)
            return false;
        (_run, _epochs) = (run, run is null ? [] : Library.Metrics(run.Folder));
        _study = run is not null && run.Name.Contains('/') ? Library.FindStudy(RunLibrary.RootOf(run)) : null;
        return true;
    }
}
