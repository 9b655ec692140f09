using System.Globalization;
using Kd.RunPage.Components;
using Kd.Training.Artifacts;
using Kd.Training.Control;
using Kd.Training.Queue;
using Microsoft.AspNetCore.Components;

namespace Kd.RunPage.Pages;

/// <summary>The run of this trainer: state, headline figures, controls, and a section of its details.</summary>
public sealed partial class CurrentRun
{
    private RunStatus _status = RunStatus.Starting;
    private IReadOnlyList<EpochMetrics> _epochs = [];
    private IReadOnlyList<QueuedRun> _waiting = [];
    private IReadOnlyList<WorkerStatus> _workers = [];
    private StudySummary? _study;
    private double? _testAccuracy;
    private long _written;

    /// <summary>The section in the address.</summary>
    [SupplyParameterFromQuery]
    public string? Tab { get; set; }

    private string Section => RunSection.Choose(Tab, RunSection.OfCurrentRun);

    private string StudyLink => $"study?name={Uri.EscapeDataString(_study?.Name ?? "")}";

    private double Percent =>
        _status.Epochs == 0 ? 0 : 100 * Math.Min(1, (_status.Epoch - 1 + (_status.Steps == 0 ? 0 : (double)_status.Step / _status.Steps)) / _status.Epochs);

    private IReadOnlyList<Figure> Headline =>
        [
            new("State", _status.Phase, _status.Method ?? "", "phase"),
            new("Epoch", $"{_status.Epoch} of {_status.Epochs}", $"step {_status.Step} of {_status.Steps}", "epoch"),
            .. RunFigures.Accuracies(_epochs, _testAccuracy, _study),
            new("Training loss", _status.Loss?.ToString("F3", CultureInfo.InvariantCulture) ?? "-"),
            new(
                "Time left",
                _status.SecondsLeft is { } seconds ? ProgressBar.FormatTime(TimeSpan.FromSeconds(seconds)) : "-",
                _status.Runs > 1 ? "of this run" : ""
            ),
            RunFigures.Saved(_epochs, Teacher.Usage is { Computed: > 0 } usage ? usage.Label.TotalSeconds / usage.Computed : null),
        ];

    /// <inheritdoc/>
    protected override bool Reload()
    {
        var status = Control.Describe(Monitor.Status);
        var epochs = status.Folder is { } folder ? Library.Metrics(folder) : [];
        IReadOnlyList<QueuedRun> waiting = [.. Queue.Runs.Where(run => run.Id != Queue.Current)];
        var written = Monitor.Written;
        var workers = Monitor.Workers;
        if (status == _status && workers == _workers && written == _written && epochs.Count == _epochs.Count && waiting.SequenceEqual(_waiting))
            return false;
        // A new list only where there is more to draw; rows of a study and the test come with a message.
        if (epochs.Count != _epochs.Count || status.Folder != _status.Folder)
            _epochs = epochs;
        if (written != _written || status.Folder != _status.Folder)
            (_study, _testAccuracy) = FindResults(status);
        (_status, _waiting, _workers, _written) = (status, waiting, workers, written);
        return true;
    }

    private (StudySummary? Study, double? TestAccuracy) FindResults(RunStatus status)
    {
        if (status.Folder is not { } folder)
            return default;
        var name = Library.NameOf(folder);
        return (name.Contains('/') ? Library.FindStudy(name.Split('/')[0]) : null, Library.Find(name)?.TestAccuracy);
    }
}
