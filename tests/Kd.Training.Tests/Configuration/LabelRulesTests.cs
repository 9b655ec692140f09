using Kd.Core.Randomness;
using Kd.Settings;
using Kd.Training.Configuration;
using Kd.Vision.Views;

namespace Kd.Training.Tests.Configuration;

public sealed class LabelRulesTests
{
    [Theory]
    [InlineData("train", "", "", 0, "none", "http://a|http://b", null)]
    [InlineData("train", "labels", "", 8, "methods", "http://a|http://b", null)]
    [InlineData("train", "labels", "", 0, "none", "http://a", "Views:PerSample is '0', a fresh view in every epoch, but Labels:Path is 'labels'")]
    [InlineData("train", "labels", "", 8, "views", "http://a", "Run:Study is 'views', whose arms have views of their own, but Labels:Path is 'labels'")]
    [InlineData("label", "labels", "", 8, "none", "http://a", "Labels:Path is 'labels', but Run:Task=label needs a teacher.")]
    [InlineData("label", "", "written", 8, "none", "http://a|http://b", "Labels:Write is 'written', which gets the labels of one teacher, but there are 2.")]
    [InlineData("label", "", "", 8, "none", "http://a|http://b", null)]
    [InlineData("export-labels", "", "", 8, "none", "http://a", "Labels:Write is not set.")]
    [InlineData("export-labels", "", "written", 8, "none", "http://a", null)]
    public void FindProblems_LabelsAndTask_RefusesWhatCannotWork(
        string task,
        string path,
        string write,
        int views,
        string study,
        string teachers,
        string? expected
    )
    {
        var configuration = RunConfiguration.CreateDefault() with
        {
            Run = new RunOptions { Task = task, Study = study },
            Labels = new LabelOptions { Path = path, Write = write },
            Views = new ViewOptions { PerSample = views },
            TeacherClient = new TeacherClientOptions { Address = teachers },
        };

        var found = RunRules.FindProblems(configuration).Select(problem => problem.Message).ToList();

        Assert.Equal(expected is null ? 0 : 1, found.Count);
        Assert.All(found, message => Assert.StartsWith(expected!, message));
    }

    [Theory]
    [InlineData("16/16")]
    [InlineData("-1/4")]
    [InlineData("4")]
    public void FindProblems_ShardThatIsNone_IsRefused(string shard)
    {
        var configuration = RunConfiguration.CreateDefault() with { Run = new RunOptions { Shard = shard } };

        var problem = Assert.Single(RunRules.FindProblems(configuration));

        Assert.Equal($"Run:Shard is '{shard}'. Expected i/n with i from 0 to n - 1, such as 0/16.", problem.Message);
    }

    [Fact]
    public void Contains_RandomViews_HasEachInOneShardOfAboutTheSameSize()
    {
        var shards = Enumerable.Range(0, 7).Select(index => ViewShard.Parse($"{index}/7")).ToList();
        var views = Enumerable
            .Range(0, 7000)
            .Select(view => new ViewId(new UInt128(CounterRandom.Mix(1, (ulong)view), CounterRandom.Mix(2, (ulong)view))))
            .ToList();

        Assert.All(views, view => Assert.Single(shards, shard => shard.Contains(view)));
        // Five standard deviations.
        Assert.All(shards, shard => Assert.InRange(views.Count(shard.Contains), 853, 1147));
        // Fixed for good: workers of different versions must agree.
        Assert.Equal(2, shards.FindIndex(shard => shard.Contains(new ViewId(new UInt128(1, 0)))));
    }
}
