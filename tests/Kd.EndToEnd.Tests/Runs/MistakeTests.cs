using Kd.EndToEnd.Tests.Hosting;
using Kd.Tests;

namespace Kd.EndToEnd.Tests.Runs;

[Collection(nameof(OneAppHost))]
public sealed class MistakeTests
{
    // Mistakes that the host finds, and one that only the trainer finds.
    [Theory]
    [InlineData("--Trainign:Epochs=3", "Trainign:Epochs is not a setting")]
    [InlineData("--Training:Epoch=3", "Training:Epoch is not a setting")]
    [InlineData("Training:Epochs=3", "'Training:Epochs=3' is not a setting")]
    [InlineData("-h", "'-h' is not a setting. Expected --Section:Name=value")]
    [InlineData("--help", "--help has no value. Expected --Section:Name=value")]
    [InlineData("--Run:Resume", "--Run:Resume has no value. Expected --Section:Name=value")]
    [InlineData("--Teacher:Replicas=0", "Teacher:Replicas is '0'")]
    [InlineData("--Student:Device=cuda:7", "cuda:7")]
    public async Task Run_UsersMistake_EndsWithCode2AndAMessageWithoutAStackTrace(string argument, string expected)
    {
        using var folder = TestFiles.CreateFolder();

        var (exitCode, output) = await AppHostProcess.RunAsync([
            .. AppHostProcess.Small.Where(small => !small.StartsWith(argument.Split('=')[0] + "=", StringComparison.Ordinal)),
            $"--Run:Folder={folder.Path}",
            argument,
        ]);

        AssertExplained(exitCode, output, expected);
    }

    [Theory]
    [InlineData("Kd.TeacherService", "--Teacher:Weights=/nowhere/weights.pth", "/nowhere/weights.pth")]
    [InlineData("Kd.TeacherService", "--Teacher:Weights=random --Teacher:Architecture=resnet19", "'resnet19' is not known")]
    [InlineData("Kd.TeacherService", "--Teacher:Weights=random --Teacher:Architecture=resnet18 --Dataset:Path=/nowhere/images", "/nowhere/images")]
    [InlineData("Kd.StudentTrainer", "--Training:Epochs=many", "Training:Epochs is 'many'")]
    [InlineData("Kd.StudentTrainer", "--Training:Epochs=0", "Training:Epochs is '0'")]
    [InlineData("Kd.StudentTrainer", "--Dataset:Path=/nowhere/images", "/nowhere/images")]
    [InlineData("Kd.StudentTrainer", "--Distillation:Temperature=30", "Distillation:Temperature is '30'")]
    public async Task RunService_UsersMistake_EndsWithCode2AndAMessageWithoutAStackTrace(string service, string arguments, string expected)
    {
        using var folder = TestFiles.CreateFolder();

        var (exitCode, output) = await AppHostProcess.RunServiceAsync(
            service,
            [.. arguments.Split(' '), .. service == "Kd.StudentTrainer" ? [$"--Run:Folder={folder.Path}"] : Array.Empty<string>()]
        );

        AssertExplained(exitCode, output, expected);
    }

    // A mistake that only the teacher finds ends the host as well.
    [Fact]
    public async Task DotnetRun_RelativePath_IsRelativeToWhereTheUserIs()
    {
        using var folder = TestFiles.CreateFolder();

        var (exitCode, output) = await AppHostProcess.DotnetRunAsync(folder.Path, [.. AppHostProcess.Small, "--Teacher:Weights=weights.pth"]);

        AssertExplained(exitCode, output, folder.File("weights.pth"));
        Assert.True(Directory.Exists(folder.File("runs")), "the default run folder is not where the user is");
    }

    private static void AssertExplained(int exitCode, string output, string expected)
    {
        Assert.True(exitCode == 2, $"exit code {exitCode}\n{output}");
        Assert.Contains(expected, output);
        Assert.DoesNotContain("   at ", output);
        Assert.DoesNotContain("Unhandled", output);
    }
}
