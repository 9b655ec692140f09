using Kd.RunPage.Charts;
using Kd.Tests;
using Kd.Training.Artifacts;

namespace Kd.RunPage.Tests.Charts;

public sealed class ChartLineTests
{
    // Neighbors are averaged above 200 epochs; the best epoch is still the real one.
    [Fact]
    public void Of_LongRunWithAPeak_KeepsThePeakAsItsHighestValue()
    {
        var line = ChartLine.Of(
            "run",
            [.. Enumerable.Range(0, 1000).Select(epoch => FinishedRuns.Epoch(epoch, epoch == 499 ? 95 : 50))],
            epoch => epoch.ValidationAccuracy
        );
        Assert.Equal(200, line.Points.Count);
        Assert.Equal(new ChartPoint(500, 95), line.Highest);
        Assert.True(line.Points.Max(point => point.Y) < 95);
    }

    [Fact]
    public void Of_NoValues_HasNeitherPointsNorHighest()
    {
        var line = ChartLine.Of("run", [FinishedRuns.Epoch(0, 1)], epoch => epoch.Difficulty);
        Assert.Empty(line.Points);
        Assert.Null(line.Highest);
    }

    // A second seed that has just started must not cut the curve of the first one.
    [Fact]
    public void MeanOf_RunThatHasJustStarted_IsLeftOut()
    {
        IReadOnlyList<EpochMetrics> first = [FinishedRuns.Epoch(0, 10), FinishedRuns.Epoch(1, 20), FinishedRuns.Epoch(2, 30)];
        Assert.Equal(3, ChartLine.MeanOf("arm", [first, [FinishedRuns.Epoch(0, 50)]], epoch => epoch.ValidationAccuracy).Points.Count);
        var mean = ChartLine.MeanOf(
            "arm",
            [first, [FinishedRuns.Epoch(0, 20), FinishedRuns.Epoch(1, 30), FinishedRuns.Epoch(2, 40)]],
            epoch => epoch.ValidationAccuracy
        );
        Assert.Equal([15, 25, 35], mean.Points.Select(point => point.Y));
    }
}
