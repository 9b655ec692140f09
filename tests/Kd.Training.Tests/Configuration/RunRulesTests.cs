using Kd.Settings;
using Kd.Training.Configuration;

namespace Kd.Training.Tests.Configuration;

public sealed class RunRulesTests
{
    [Fact]
    public void FindProblems_Defaults_AreNone() => Assert.Empty(RunRules.FindProblems(RunConfiguration.CreateDefault()));

    [Theory]
    [InlineData("", 0.1, 1)]
    [InlineData("", 1, 0)]
    [InlineData("weights.pth", 0.1, 0)]
    public void FindProblems_BackboneRateBelow1_NeedsWeights(string weights, double rate, int problems)
    {
        var configuration = RunConfiguration.CreateDefault() with
        {
            Student = new StudentOptions { Weights = weights },
            Training = new TrainingOptions { BackboneRate = rate },
        };

        var found = RunRules.FindProblems(configuration).ToList();

        Assert.Equal(problems, found.Count);
        Assert.All(found, problem => Assert.Contains("Training:BackboneRate is '0.1'. Below 1 it needs Student:Weights", problem.Message));
    }
}
