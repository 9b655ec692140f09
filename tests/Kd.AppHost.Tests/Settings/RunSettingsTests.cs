using Kd.AppHost.Settings;

namespace Kd.AppHost.Tests.Settings;

public sealed class RunSettingsTests
{
    // Arguments that the Aspire CLI and tests of AppHosts pass.
    [Theory]
    [InlineData("--operation", "publish", "--step", "manifest")]
    [InlineData("--DcpPublisher:RandomizePorts=true")]
    [InlineData("--Logging:LogLevel:Default=Information")]
    [InlineData("--environment=Development")]
    public void TryRead_AspiresOwnArguments_Pass(params string[] args) => Assert.True(RunSettings.TryRead(args, out _));

    [Fact]
    public void TryRead_NoLabels_IsOneRun()
    {
        Assert.True(RunSettings.TryRead(["--Dataset:Path=none", "--Dataset:Unlabeled=pictures", "--Teacher:Weights=w.pth"], out var settings));
        var variables = settings.Variables(["Dataset", "Run"]).ToDictionary();
        Assert.Equal("none", variables["Dataset__Path"]);
        Assert.Equal(Path.GetFullPath("pictures"), variables["Dataset__Unlabeled"]);
        Assert.Equal("none", variables["Run__Study"]);
    }

    [Fact]
    public void TryRead_NoSettings_IsTheDemoWithPathsOfTheUsersFolder()
    {
        Assert.True(RunSettings.TryRead(["--Cache:Folder=kept"], out var settings));
        Assert.False(settings.UsesExternalRedis);
        Assert.Equal(Path.GetFullPath("kept"), settings.CacheFolder);
        var variables = settings.Variables(["Dataset", "Run"]).ToDictionary();
        Assert.Equal("demo", variables["Dataset__Path"]);
        Assert.Equal(Path.GetFullPath("runs"), variables["Run__Folder"]);
        Assert.Equal("methods", variables["Run__Study"]);
    }

    [Fact]
    public void TryRead_RedisElsewhere_IsTaken()
    {
        Assert.True(RunSettings.TryRead(["--ConnectionStrings:cache=redis.example:6379"], out var settings));
        Assert.True(settings.UsesExternalRedis);
    }

    [Fact]
    public void TryRead_LabelShards_NeedNoTeacher()
    {
        Assert.True(RunSettings.TryRead(["--Dataset:Path=images", "--Labels:Path=labels"], out var settings));
        Assert.False(settings.UsesTeachers);
        Assert.Equal(Path.GetFullPath("labels"), settings.Variables(settings.TrainerSections).ToDictionary()["Labels__Path"]);
        // What is said about a teacher must be right all the same.
        Assert.False(RunSettings.TryRead(["--Labels:Path=labels", "--Teacher:Replicas=0"], out _));
        Assert.False(RunSettings.TryRead(["--Dataset:Path=images"], out settings));
        Assert.True(settings.UsesTeachers);
    }

    [Fact]
    public void TryRead_TaskTeacher_GivesTheTrainerTheTeachersSettings()
    {
        string[] args = ["--Run:Task=teacher", "--Dataset:Path=images", "--Teacher:Architecture=resnet18", "--Teacher:Weights=w.pth"];
        Assert.True(RunSettings.TryRead(args, out var settings));
        Assert.False(settings.UsesTeachers);
        var variables = settings.Variables(settings.TrainerSections).ToDictionary();
        Assert.Equal(("resnet18", Path.GetFullPath("w.pth")), (variables["Teacher__Architecture"], variables["Teacher__Weights"]));
        Assert.Equal("none", variables["Run__Study"]);
        // From nothing.
        Assert.True(RunSettings.TryRead(["--Run:Task=teacher"], out settings));
        Assert.DoesNotContain("Teacher__Weights", settings.Variables(settings.TrainerSections).ToDictionary().Keys);
        Assert.False(RunSettings.TryRead([.. args, "--Teachers:0:Weights=a.pth"], out _));
    }

    [Fact]
    public void TryRead_TaskPredict_NeedsNoTeacher()
    {
        string[] args = ["--Run:Task=predict", "--Run:Checkpoint=student.onnx", "--Run:Pictures=new", "--Dataset:Path=images"];
        Assert.True(RunSettings.TryRead(args, out var settings));
        Assert.False(settings.UsesTeachers);
        Assert.Equal(1, settings.Workers);
        var variables = settings.Variables(settings.TrainerSections).ToDictionary();
        Assert.Equal((Path.GetFullPath("student.onnx"), Path.GetFullPath("new")), (variables["Run__Checkpoint"], variables["Run__Pictures"]));
    }

    [Theory]
    [InlineData("", "False")]
    [InlineData("--Run:Stay=true", "true")]
    public void TryRead_InputRedirected_StaysOnlyWhereAsked(string argument, string expected)
    {
        Assert.SkipUnless(Console.IsInputRedirected, "needs a redirected input: this is a terminal");
        Assert.True(RunSettings.TryRead(argument.Split(' ', StringSplitOptions.RemoveEmptyEntries), out var settings));
        Assert.Equal(expected, settings.Variables(["Run"]).ToDictionary()["Run__Stay"], ignoreCase: true);
    }
}
