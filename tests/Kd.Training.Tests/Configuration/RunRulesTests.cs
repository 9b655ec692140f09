using Kd.Settings;
using Kd.Training.Configuration;

namespace Kd.Training.Tests.Configuration;

public sealed class RunRulesTests
{
    [Fact]
    public void FindProblems_Defaults_AreNone() => Assert.Empty(RunRules.FindProblems(RunConfiguration.CreateDefault()));

    [Theory]
    [InlineData("methods", "kd", "Run:Study is 'methods', whose arms need labels, but Dataset:Path is 'none'.")]
    [InlineData("curriculum", "kd", "Run:Study is 'curriculum', whose arms need labels, but Dataset:Path is 'none'.")]
    [InlineData("none", "dist", "Distillation:Method is 'dist', which needs labels, but Dataset:Path is 'none'.")]
    [InlineData("none", "kd", null)]
    [InlineData("views", "labels", null)]
    public void FindProblems_NoLabels_RefusesMethodsThatNeedThem(string study, string method, string? expected)
    {
        var configuration = RunConfiguration.CreateDefault() with
        {
            Dataset = new DatasetOptions { Path = DatasetOptions.None },
            Run = new RunOptions { Study = study, Seeds = 2 },
            Distillation = new DistillationOptions { Method = method },
        };

        var found = RunRules.FindProblems(configuration).Select(problem => problem.Message).ToList();

        Assert.Equal(expected is null ? 0 : 1, found.Count);
        Assert.All(found, message => Assert.StartsWith(expected!, message));
    }

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

    [Theory]
    [InlineData("resnet18", 0.25, "none", "Student:Width is '0.25', but resnet18 has no width multiplier")]
    [InlineData("resnet19", 1, "none", "Student:Architecture is 'resnet19'. Known: resnet18, ")]
    [InlineData("mobilenet_v3_large", 0.25, "none", null)]
    // The students of this study have widths of their own.
    [InlineData("resnet18", 0.25, "students", null)]
    public void FindProblems_Network_NamesTheSetting(string architecture, double width, string study, string? expected)
    {
        var configuration = RunConfiguration.CreateDefault() with
        {
            Run = new RunOptions { Study = study },
            Student = new StudentOptions { Architecture = architecture, Width = width },
        };

        var message = RunRules.FindProblems(configuration).SingleOrDefault()?.Message;

        if (expected is null)
            Assert.Null(message);
        else
            Assert.StartsWith(expected, message);
    }
}
