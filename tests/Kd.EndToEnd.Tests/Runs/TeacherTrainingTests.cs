using Kd.EndToEnd.Tests.Hosting;
using Kd.Tests;

namespace Kd.EndToEnd.Tests.Runs;

[Collection(nameof(OneAppHost))]
public sealed class TeacherTrainingTests
{
    [Fact]
    public async Task Run_TaskTeacher_TrainsATeacherThatANameServes()
    {
        using var folder = TestFiles.CreateFolder();
        string[] common = ["--Dataset:DemoTrainPerClass=4", "--Dataset:DemoValidationPerClass=2", "--Training:BatchSize=24", $"--Run:Folder={folder.Path}"];

        var (exitCode, output) = await AppHostProcess.RunAsync([
            .. common,
            "--Run:Task=teacher",
            "--Run:Id=mine",
            "--Teacher:Architecture=cifar-resnet32",
            "--Training:Epochs=1",
        ]);

        Assert.True(exitCode == 0, output);
        Assert.DoesNotContain("Serving", output);
        Assert.Contains("| labels ", output);

        (exitCode, output) = await AppHostProcess.RunAsync([
            .. common,
            "--Teacher:Weights=mine",
            "--Run:Study=none",
            "--Distillation:Method=kd",
            "--Student:Width=0.1",
            "--Training:Epochs=1",
        ]);

        Assert.True(exitCode == 0, output);
        Assert.Contains("Serving cifar-resnet32", output);
        Assert.Contains("| kd ", output);
    }
}
