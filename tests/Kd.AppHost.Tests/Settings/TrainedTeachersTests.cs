using Kd.AppHost.Settings;
using Kd.Tests;

namespace Kd.AppHost.Tests.Settings;

public sealed class TrainedTeachersTests
{
    [Fact]
    public void Resolve_FinishedRun_GivesWeightsAndNetworkOfEachTeacher()
    {
        using var folder = TestFiles.CreateFolder();
        AddRun(folder, "mine", "resnet18", isFinished: true);
        AddRun(folder, "other", "mobilenet_v2", isFinished: true);
        var values = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
        {
            ["Run:Folder"] = folder.Path,
            ["Teacher:Weights"] = "mine",
            ["Teachers:0:Weights"] = "random",
            ["teachers:1:weights"] = "other",
        };

        Assert.Empty(TrainedTeachers.Resolve(values));

        Assert.Equal(folder.File("mine/student.safetensors"), values["Teacher:Weights"]);
        Assert.Equal("resnet18", values["Teacher:Architecture"]);
        Assert.Equal(folder.File("other/student.safetensors"), values["Teachers:1:Weights"]);
        Assert.Equal("mobilenet_v2", values["Teachers:1:Architecture"]);
        Assert.Equal("random", values["Teachers:0:Weights"]);
    }

    [Fact]
    public void Resolve_UnfinishedRun_IsAMistake()
    {
        using var folder = TestFiles.CreateFolder();
        AddRun(folder, "mine", "resnet18", isFinished: false);
        var values = new Dictionary<string, string> { ["Run:Folder"] = folder.Path, ["Teacher:Weights"] = "mine" };

        var problem = Assert.Single(TrainedTeachers.Resolve(values));

        Assert.Equal("Teacher:Weights", problem.Name);
        Assert.StartsWith($"Teacher:Weights is 'mine', but {folder.File("mine")} is a run that has not ended", problem.Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[1]")]
    [InlineData("{}")]
    [InlineData("""{"student": {"architecture": 1}}""")]
    public void Resolve_DamagedSettingsOfARun_AreAMistake(string settings)
    {
        using var folder = TestFiles.CreateFolder();
        AddRun(folder, "mine", "resnet18", isFinished: true);
        File.WriteAllText(folder.File("mine/config.json"), settings);

        var problem = Assert.Single(TrainedTeachers.Resolve(new() { ["Run:Folder"] = folder.Path, ["Teacher:Weights"] = "mine" }));

        Assert.Contains("does not tell its network", problem.Message);
    }

    [Theory]
    [InlineData("weights.pth")]
    [InlineData("runs/mine")]
    [InlineData("random")]
    [InlineData("")]
    public void Resolve_OtherValues_Stay(string weights)
    {
        using var folder = TestFiles.CreateFolder();
        // Its name means other weights.
        AddRun(folder, "random", "resnet18", isFinished: true);
        var values = new Dictionary<string, string> { ["Run:Folder"] = folder.Path, ["Teacher:Weights"] = weights };

        Assert.Empty(TrainedTeachers.Resolve(values));

        Assert.Equal(weights, values["Teacher:Weights"]);
        Assert.DoesNotContain("Teacher:Architecture", values.Keys);
    }

    private static void AddRun(TemporaryFolder folder, string run, string architecture, bool isFinished)
    {
        Directory.CreateDirectory(folder.File(run));
        File.WriteAllText(folder.File($"{run}/config.json"), $$$"""{"student": {"architecture": "{{{architecture}}}"}}""");
        if (isFinished)
            File.WriteAllText(folder.File($"{run}/result.json"), "{}");
    }
}
