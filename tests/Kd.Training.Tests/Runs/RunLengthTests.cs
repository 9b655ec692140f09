using Kd.Settings;
using Kd.Training.Configuration;
using Kd.Training.Runs;

namespace Kd.Training.Tests.Runs;

public sealed class RunLengthTests
{
    private const int Samples = 100;

    [Fact]
    public void Epochs_WithoutSizes_AreThoseOfTheSettings()
    {
        var length = Create(Methods.Kd, "0.5:0.5");

        Assert.Equal((3, 30, 3), (length.Epochs, length.ExpectedUpdates, length.MostReports));
        Assert.Equal(0.5, length.ProgressAt(new RunPosition(1, 15, 9), share: 0.5));
        Assert.Null(length.ProgressAt(new RunPosition(1, 15, 9)));
        Assert.Equal((false, true), (length.HasEnded(new RunPosition(2, 99, 99)), length.HasEnded(new RunPosition(3, 0, 0))));
    }

    // Half of three epochs' compute at a quarter of the pixels is six epochs, and the other half 1.5.
    [Fact]
    public void Epochs_SmallerInputs_SpendTheComputeOfTheSettings()
    {
        var length = Create(Methods.KdCurriculum, "0.5:0.5");

        Assert.Equal((8, 80), (length.Epochs, length.ExpectedUpdates));
        Assert.InRange(length.MostReports, 12, 20);
        Assert.Equal(0.025, length.CostOf(10, 0.5, 32));
        Assert.Equal(0.5, length.ProgressAt(new RunPosition(6, 60, 1.5), share: 0.9));
        Assert.Equal((false, true), (length.HasEnded(new RunPosition(9, 99, 2.9)), length.HasEnded(new RunPosition(7, 75, 3))));
    }

    [Fact]
    public void Updates_Given_WinOverTheBudget()
    {
        var length = Create(Methods.KdCurriculum, "0.5:0.5", updates: 25);

        Assert.Equal((3, 25, 3), (length.Epochs, length.ExpectedUpdates, length.MostReports));
        Assert.Equal(5, length.LimitBatches(10, updatesBefore: 20));
        Assert.Equal(0.4, length.ProgressAt(new RunPosition(1, 10, 9), share: 0));
        Assert.Equal((false, true), (length.HasEnded(new RunPosition(9, 24, 9)), length.HasEnded(new RunPosition(2, 25, 0))));
    }

    // Even if the agent always chooses the smallest size: a quarter of the pixels, so 120 updates of the compute of 30, in windows of 4.
    [Fact]
    public void MostReports_AgentDecidesSizes_AreEnoughForTheSmallest()
    {
        var length = Create(Methods.KdCurriculum, "", policy: "bandit");

        Assert.InRange(length.MostReports, 30, 36);
        Assert.True(length.HasEnded(new RunPosition(0, 0, 3)));
    }

    private static RunLength Create(string method, string resolutions, int updates = 0, string policy = "none")
    {
        var defaults = RunConfiguration.CreateDefault();
        var configuration = defaults with
        {
            Training = defaults.Training.With(training => (training.Epochs, training.Updates, training.BatchSize) = (3, updates, 10)),
            Curriculum = defaults.Curriculum.With(curriculum =>
                (curriculum.Resolutions, curriculum.Policy, curriculum.Every, curriculum.Sizes) = (resolutions, policy, 4, "0.5,1")
            ),
        };
        return new RunLength(configuration, method, Samples);
    }
}
