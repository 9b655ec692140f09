using Kd.AppHost.Settings;

namespace Kd.AppHost.Tests.Settings;

public sealed class TeacherSettingsTests
{
    [Fact]
    public void TryRead_NoTeachers_IsTheOneOfTheSectionTeacher()
    {
        Assert.True(RunSettings.TryRead(["--Teacher:Replicas=2", "--Teacher:Threads=1"], out var settings));

        var teacher = Assert.Single(settings.Teachers);
        Assert.Equal(("teacher", 2), (teacher.Resource, teacher.Replicas));
        Assert.Equal("cifar-resnet20", teacher.Variables.ToDictionary()["Teacher__Architecture"]);
        Assert.Equal("12", settings.Variables(["TeacherClient"]).ToDictionary()["TeacherClient__Connections"]);
    }

    [Fact]
    public void TryRead_Teachers_HaveTheirOwnSettingsAndThoseOfTeacher()
    {
        Assert.True(
            RunSettings.TryRead(
                [
                    "--Teacher:Architecture=cifar-resnet20",
                    "--Teacher:Seed=3",
                    "--Teachers:0:Weights=random",
                    "--Teachers:0:Replicas=2",
                    "--teachers:1:weights=one.pth",
                    "--Teachers:1:Seed=4",
                    "--Teachers:1:Threads=5",
                ],
                out var settings
            )
        );

        Assert.Equal([("teacher-0", 2), ("teacher-1", 1)], settings.Teachers.Select(teacher => (teacher.Resource, teacher.Replicas)));
        var variables = settings.Teachers.Select(teacher => new Dictionary<string, string>(teacher.Variables, StringComparer.OrdinalIgnoreCase)).ToList();
        Assert.Equal(["random", Path.GetFullPath("one.pth")], variables.Select(one => one["Teacher__Weights"]));
        Assert.Equal(["3", "4"], variables.Select(one => one["Teacher__Seed"]));
        Assert.Equal("5", variables[1]["Teacher__Threads"]);
        Assert.All(variables, one => Assert.Equal("cifar-resnet20", one["Teacher__Architecture"]));
        Assert.Equal("12", settings.Variables(["TeacherClient"]).ToDictionary()["TeacherClient__Connections"]);
    }

    [Fact]
    public void TryRead_SmallTeachers_DivideTheirShareOfTheCores()
    {
        string[] settings = ["--Device=cpu", "--Run:Workers=1", "--Teachers:0:Seed=1", "--Teachers:1:Seed=2", "--Teachers:1:Replicas=2"];
        Assert.True(RunSettings.TryRead(settings, out var read));

        var share = Math.Max(1, Environment.ProcessorCount / 2 / 3);
        Assert.All(read.Teachers, teacher => Assert.Equal(share, teacher.Threads));
        Assert.Equal(3 * share, read.TeacherCores);
        Assert.True(RunSettings.TryRead([.. settings, "--Teachers:1:Architecture=resnet152", "--Teachers:1:Weights=random"], out read));
        Assert.Equal(0, read.Teachers[1].Threads);
        Assert.Equal(share, read.TeacherCores);
        Assert.True(RunSettings.TryRead([.. settings, "--Teacher:Threads=7"], out read));
        Assert.All(read.Teachers, teacher => Assert.Equal(7, teacher.Threads));
    }

    [Theory]
    [InlineData("Teachers:1:Weights is ''. Give a weights file", "--Teachers:0:Weights=random", "--Teachers:1:Seed=2")]
    [InlineData("Teachers:1:Replicas is '65'.", "--Teachers:0:Weights=random", "--Teachers:1:Weights=random", "--Teachers:1:Replicas=65")]
    [InlineData("Teachers:0:Seeds is not a setting. Known in Teachers:0: AllowScript,", "--Teachers:0:Weights=random", "--Teachers:0:Seeds=2")]
    [InlineData("Teachers:0:Seed is 'x', expected a value of the type Int64.", "--Teachers:0:Weights=random", "--Teachers:0:Seed=x")]
    [InlineData("There are settings of Teachers:2, but none of Teachers:1.", "--Teachers:0:Weights=random", "--Teachers:2:Weights=random")]
    [InlineData("There are settings of Teachers:1, but none of Teachers:0.", "--Teachers:1:Weights=random")]
    [InlineData("Teachers:x:Weights is not a setting. Expected Teachers:N:Name", "--Teachers:x:Weights=random", "--Teacher:Weights=random")]
    [InlineData("Teachers:01:Weights is not a setting.", "--Teachers:01:Weights=random", "--Teacher:Weights=random")]
    [InlineData("Teachers:Weights is not a setting.", "--Teachers:Weights=random", "--Teacher:Weights=random")]
    [InlineData("Teacher:Replicas is '0'.", "--Teacher:Replicas=0", "--Teachers:0:Weights=random")]
    [InlineData("Teacher:Foo is not a setting.", "--Teacher:Foo=0", "--Teachers:0:Weights=random")]
    public void FindProblems_Mistake_NamesTheSetting(string expected, params string[] args)
    {
        var values = args.Select(arg => arg[2..].Split('=')).ToDictionary(parts => parts[0], parts => parts[1], StringComparer.OrdinalIgnoreCase);

        var problem = Assert.Single(TeacherSettings.FindProblems(values));

        Assert.StartsWith(expected, problem.Message);
    }

    [Fact]
    public void FindProblems_OneOfTeachers_IsNone() =>
        Assert.Empty(TeacherSettings.FindProblems(new Dictionary<string, string> { ["Teachers:0:Weights"] = "random" }));
}
