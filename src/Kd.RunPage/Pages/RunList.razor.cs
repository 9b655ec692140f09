using Kd.Training.Artifacts;

namespace Kd.RunPage.Pages;

/// <summary>All runs below Run:Folder; some of them can be chosen for a comparison.</summary>
public sealed partial class RunList
{
    private readonly List<string> _chosen = [];
    private IReadOnlyList<RunSummary> _runs = [];
    private string _filter = "";

    private IEnumerable<RunSummary> Shown => _runs.Where(run => Fits(run.Name) || Fits(run.Method));

    private IReadOnlyList<string> Studies => [.. _runs.Where(run => run.Name.Contains('/')).Select(RunLibrary.RootOf).Distinct()];

    /// <inheritdoc/>
    protected override TimeSpan Interval => TimeSpan.FromSeconds(3);

    /// <inheritdoc/>
    protected override bool Reload()
    {
        var runs = Library.Runs();
        if (runs.SequenceEqual(_runs))
            return false;
        _runs = runs;
        return true;
    }

    private bool Fits(string text) => text.Contains(_filter, StringComparison.OrdinalIgnoreCase);

    private void Choose(string name, bool isChosen)
    {
        _chosen.Remove(name);
        if (isChosen)
            _chosen.Add(name);
    }

    private void Compare() => Navigation.NavigateTo("compare?" + string.Join('&', _chosen.Select(name => $"name={Uri.EscapeDataString(name)}")));
}
