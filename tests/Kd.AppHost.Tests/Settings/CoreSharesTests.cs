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

    [Theory]
    [InlineData(true)]
    [InlineData(true, "--Run:Study=false")]
    [InlineData(false, "--Teacher:Architecture=resnet152")]
    [InlineData(false, "--Run:Task=label")]
    [InlineData(false, "--Teacher:Threads=0")]
    public void TryRead_TeacherCores_AreTheThreadsOfASmallTeacher(bool isSmall, params string[] args)
    {
        Assert.True(RunSettings.TryRead(["--Device=cpu", .. args], out var settings));
        Assert.Equal(isSmall ? settings.Variables(["Teacher"]).ToDictionary()["Teacher__Threads"] : "0", settings.TeacherCores.ToString(null, null));
    }

    [Theory]
    [InlineData("a,b")]
    [InlineData("a,b,c,d,e")]
    public void Workers_StudyOfStudents_AreAtMostItsStudents(string students) =>
        Assert.Equal(
            Math.Min(students.Split(',').Length, Environment.ProcessorCount),
            CoreShares.Workers(name =>
                name switch
                {
                    "Run:Study" => "students",
                    "Student:Compare" => students,
                    "Device" => "cpu",
                    _ => null,
                }
            )
        );

    // Not every network has a width, and the user set none.
    [Theory]
    [InlineData("0.25")]
    [InlineData(null, "--Student:Architecture=resnet18")]
    [InlineData("0.5", "--Student:Architecture=mobilenet_v3_small", "--Student:Width=0.5")]
    public void TryRead_DemoStudent_HasAWidthUnlessAnotherNetworkIsGiven(string? expected, params string[] args)
    {
        Assert.True(RunSettings.TryRead(args, out var settings));
        Assert.Equal(expected, settings.Variables(["Student"]).ToDictionary().GetValueOrDefault("Student__Width"));
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
