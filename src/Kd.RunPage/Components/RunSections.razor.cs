using System.Globalization;
using Kd.RunPage.Charts;
using Kd.Training.Artifacts;
using Microsoft.AspNetCore.Components;

namespace Kd.RunPage.Components;

/// <summary>The sections of a run's page; one of them is shown.</summary>
public sealed partial class RunSections
{
    private const int Tenths = 10;
    private (IReadOnlyList<EpochMetrics>? Epochs, string? Section) _drawn;

    /// <summary>Finished epochs.</summary>
    [Parameter, EditorRequired]
    public IReadOnlyList<EpochMetrics> Epochs { get; set; } = [];

    /// <summary>Folder of the run.</summary>
    [Parameter, EditorRequired]
    public string Folder { get; set; } = "";

    /// <summary>One of <see cref="RunSection"/>.</summary>
    [Parameter, EditorRequired]
    public string Section { get; set; } = RunSection.Overview;

    private IReadOnlyList<ChartLine> DifficultyLines =>
        [Line("mean difficulty", epoch => epoch.Difficulty), Line("threshold", epoch => epoch.Threshold), Line("input size", epoch => epoch.Size)];

    private IReadOnlyList<ChartLine> RewardLines =>
        [
            Line("reward", epoch => epoch.Reward),
            Line("accuracy change", epoch => epoch.RewardTerms?.AccuracyChange),
            Line("loss rise", epoch => epoch.RewardTerms?.LossRise),
            Line("early", epoch => epoch.RewardTerms?.Early),
            Line("level", epoch => epoch.RewardTerms?.Level),
        ];

    private IReadOnlyList<ChartLine> StepLines =>
        [
            Line("wait", epoch => epoch.Times.Wait),
            Line("forward", epoch => epoch.Times.Forward),
            Line("backward", epoch => epoch.Times.Backward),
            Line("optimizer", epoch => epoch.Times.Optimizer),
        ];

    private IReadOnlyList<ChartLine> PreparationLines =>
        [Line("render", epoch => epoch.Times.Render), Line("lookup", epoch => epoch.Times.Lookup), Line("label", epoch => epoch.Times.Label)];

    private IReadOnlyList<ChartLine> OriginLines => [Line("cache", epoch => epoch.CacheHits), Line("teacher", epoch => epoch.TeacherComputed)];

    private IReadOnlyList<ChartLine> Histograms =>
        [.. Enumerable.Range(0, Tenths).Select(tenth => Line(Tenth(tenth), epoch => epoch.DifficultyHistogram?[tenth]))];

    // A page that reloads every second must not draw the same charts every second.
    /// <inheritdoc/>
    protected override bool ShouldRender()
    {
        var changed = !ReferenceEquals(_drawn.Epochs, Epochs) || _drawn.Section != Section;
        _drawn = (Epochs, Section);
        return changed;
    }

    private static IReadOnlyList<Bar> Histogram(int[] samples) => [.. samples.Select((count, tenth) => new Bar(Tenth(tenth), count))];

    // 3, 5 to 9
    private static string Ranges(IEnumerable<int> numbers) =>
        string.Join(
            ", ",
            numbers
                .Index()
                .GroupBy(entry => entry.Item - entry.Index)
                .Select(group => (First: group.First().Item, Last: group.Last().Item))
                .Select(range => range.First == range.Last ? $"{range.First}" : $"{range.First} to {range.Last}")
        );

    private static string Tenth(int tenth) => (tenth / (double)Tenths).ToString("F1", CultureInfo.InvariantCulture);

    private ChartLine Line(string name, Func<EpochMetrics, double?> value) => ChartLine.Of(name, Epochs, value);
}
