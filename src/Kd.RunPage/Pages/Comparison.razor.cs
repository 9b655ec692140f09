using System.Globalization;
using Kd.RunPage.Charts;
using Kd.Training.Artifacts;
using Microsoft.AspNetCore.Components;

namespace Kd.RunPage.Pages;

/// <summary>Compares runs: their curves, their results with the best one marked, and the settings that differ.</summary>
public sealed partial class Comparison
{
    private IReadOnlyList<RunSummary> _runs = [];

    /// <summary>Folders of the runs, relative to Run:Folder.</summary>
    [SupplyParameterFromQuery(Name = "name")]
    public string[] Names { get; set; } = [];

    /// <inheritdoc/>
    protected override TimeSpan Interval => TimeSpan.FromSeconds(3);

    private IEnumerable<Row> Results =>
        [
            new("method", [.. _runs.Select(run => new Cell(run.Method, false))]),
            Row.Of("best validation accuracy, %", "F2", isHigherBetter: true, _runs.Select(run => (double?)run.BestAccuracy)),
            Row.Of("test accuracy, %", "F2", isHigherBetter: true, _runs.Select(run => run.TestAccuracy)),
            Row.Of("training loss, last epoch", "F3", isHigherBetter: false, _runs.Select(run => Library.Metrics(run.Folder).LastOrDefault()?.Loss)),
            Row.Of("time of all epochs, s", "F1", isHigherBetter: false, _runs.Select(run => (double?)Library.Metrics(run.Folder).Sum(epoch => epoch.Seconds))),
        ];

    /// <inheritdoc/>
    protected override bool Reload()
    {
        IReadOnlyList<RunSummary> runs = [.. Names.Select(Library.Find).OfType<RunSummary>()];
        if (runs.SequenceEqual(_runs))
            return false;
        _runs = runs;
        return true;
    }

    private IReadOnlyList<ChartLine> Lines(Func<EpochMetrics, double?> value) =>
        [.. _runs.Select(run => ChartLine.Of(LabelOf(run), Library.Metrics(run.Folder), value))];

    // Runs of one study go by the name of their arm.
    private string LabelOf(RunSummary run)
    {
        var folder = run.Name[..(run.Name.IndexOf('/', StringComparison.Ordinal) + 1)];
        return _runs.All(other => other.Name.StartsWith(folder, StringComparison.Ordinal)) ? run.Name[folder.Length..] : run.Name;
    }

    private sealed record Cell(string Text, bool IsBest);

    private sealed record Row(string Name, IReadOnlyList<Cell> Cells)
    {
        // Equal values are all the best, unless all are equal.
        public static Row Of(string name, string format, bool isHigherBetter, IEnumerable<double?> values)
        {
            var all = values.ToList();
            var known = all.OfType<double>().ToList();
            double? best =
                known.Distinct().Count() < 2 ? null
                : isHigherBetter ? known.Max()
                : known.Min();
            return new Row(
                name,
                [.. all.Select(value => new Cell(value?.ToString(format, CultureInfo.InvariantCulture) ?? "-", value is not null && value == best))]
            );
        }
    }
}
