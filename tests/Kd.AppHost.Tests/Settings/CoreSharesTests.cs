using System.Globalization;
using Kd.AppHost.Settings;

namespace Kd.AppHost.Tests.Settings;

public sealed class CoreSharesTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(1, "--Run:Study=none")]
    [InlineData(1, "--Run:Task=label")]
    [InlineData(1, "--Run:Task=serve", "--Run:Study=none")]
    [InlineData(1, "--Student:Device=cuda:0")]
    [InlineData(5, "--Run:Workers=5")]
    [InlineData(5, "--Run:Workers=5", "--Run:Study=none")]
    public void TryRead_Workers(int expected, params string[] args)
    {
        Assert.True(RunSettings.TryRead(["--Device=cpu", .. args], out var settings));
        // Without a setting against it, the four methods have as many as there are cores.
        Assert.Equal(args.Length == 0 ? Math.Min(4, Environment.ProcessorCount) : expected, settings.Workers);
        Assert.Equal(settings.Workers.ToString(null, null), settings.Variables(["Run"]).ToDictionary()["Run__Workers"]);
    }

    [Fact]
    public void Workers_SeveralSeeds_AreAtMostTheCores() =>
        Assert.Equal(
            Math.Min(3, Environment.ProcessorCount),
            CoreShares.Workers(name =>
                name == "Run:Seeds" ? "3"
                : name == "Device" ? "cpu"
                : null
            )
        );

    [Theory]
    [InlineData(true)]
    [InlineData(true, "--Run:Workers=5")]
    [InlineData(false, "--Teacher:Architecture=resnet152")]
    [InlineData(false, "--Run:Task=label")]
    public void TryRead_TeacherThreads_AreAShareBesideTrainingForSmallTeachersOnly(bool isShare, params string[] args)
    {
        Assert.True(RunSettings.TryRead(["--Device=cpu", .. args], out var settings));
        var threads = settings.Variables(["Teacher"]).ToDictionary()["Teacher__Threads"];
        Assert.Equal(isShare ? Math.Max(1, Environment.ProcessorCount / (settings.Workers + 1)).ToString(null, null) : "0", threads);
    }

    // With the teacher's threads, they are at most the cores, as far as each has one.
    [Theory]
    [InlineData(true)]
    [InlineData(true, "--Run:Study=none")]
    [InlineData(true, "--Run:Workers=5")]
    [InlineData(false, "--Run:Study=none", "--Distillation:Method=labels")]
    [InlineData(false, "--Teacher:Architecture=resnet152")]
    [InlineData(false, "--Student:Device=cuda:0")]
    [InlineData(false, "--Run:Task=label")]
    public void TryRead_TrainerThreads_AreWhatASmallTeacherLeaves(bool isShare, params string[] args)
    {
        Assert.True(RunSettings.TryRead(["--Device=cpu", .. args], out var settings));
        var teacher = int.Parse(settings.Variables(["Teacher"]).ToDictionary()["Teacher__Threads"], CultureInfo.InvariantCulture);
        var threads = settings.Variables(["Run"]).ToDictionary()["Run__Threads"];
        Assert.Equal(isShare ? Math.Max(1, (Environment.ProcessorCount - teacher) / settings.Workers).ToString(null, null) : "0", threads);
    }

    [Fact]
    public void TryRead_TrainerThreadsGiven_Stay()
    {
        Assert.True(RunSettings.TryRead(["--Run:Threads=0"], out var settings));
        Assert.Equal("0", settings.Variables(["Run"]).ToDictionary()["Run__Threads"]);
    }

    [Fact]
    public void TryRead_TaskWork_IsRefused() => Assert.False(RunSettings.TryRead(["--Run:Task=work"], out _));

    [Theory]
    [InlineData("-1")]
    [InlineData("many")]
    public void TryRead_WrongWorkers_AreRefused(string workers) => Assert.False(RunSettings.TryRead([$"--Run:Workers={workers}"], out _));

    [Fact]
    public void TryRead_TeacherThreadsGiven_Stay()
    {
        Assert.True(RunSettings.TryRead(["--Teacher:Threads=3"], out var settings));
        Assert.Equal("3", settings.Variables(["Teacher"]).ToDictionary()["Teacher__Threads"]);
    }
}
