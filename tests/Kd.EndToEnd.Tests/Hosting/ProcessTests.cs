using System.Diagnostics;
using Kd.Tests;

namespace Kd.EndToEnd.Tests.Hosting;

[Collection(nameof(OneAppHost))]
public sealed class ProcessTests
{
    public ProcessTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux: it looks at /proc");

    [Fact]
    public async Task Kill_Host_LeavesNoChildAfterFiveSeconds()
    {
        using var folder = TestFiles.CreateFolder();
        using var host = AppHostProcess.Start([.. AppHostProcess.Small, "--Training:Epochs=1000", $"--Run:Folder={folder.Path}"]);
        await host.WaitForAsync("epoch 2/1000");
        var children = host.Children();
        Assert.Equal(3, children.Count);

        host.Kill();
        await Task.Delay(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);

        Assert.DoesNotContain(children, child => AppHostProcess.IsAlive(child.Key));
    }

    [Fact]
    public async Task Interrupt_Host_StopsEverythingCleanly()
    {
        using var folder = TestFiles.CreateFolder();
        using var host = AppHostProcess.Start([.. AppHostProcess.Small, "--Training:Epochs=1000", $"--Run:Folder={folder.Path}"]);
        await host.WaitForAsync("epoch 2/1000");
        var children = host.Children();

        using var kill = Process.Start("kill", ["-INT", $"{host.Id}"]);
        var exitCode = await host.WaitAsync();

        Assert.Equal(0, exitCode);
        Assert.Contains("stopped before its end", host.Output);
        Assert.DoesNotContain("   at ", host.Output);
        Assert.DoesNotContain(children, child => AppHostProcess.IsAlive(child.Key));
    }

    // The teacher starts again by itself, and the result is that of a run without disturbance.
    [Fact]
    public async Task Kill_TeacherDuringARun_GivesTheSameStudent()
    {
        using var folder = TestFiles.CreateFolder();
        string[] arguments = [.. AppHostProcess.Small, "--Run:Study=false", "--Distillation:Method=kd-curriculum", "--Training:Epochs=40", "--Views:PerSample=0", "--Cache:Folder=", $"--Run:Folder={folder.Path}"];
        Assert.Equal(0, (await AppHostProcess.RunAsync([.. arguments, "--Run:Id=quiet"])).ExitCode);

        using var host = AppHostProcess.Start([.. arguments, "--Run:Id=disturbed"]);
        await host.WaitForAsync("epoch 3/40");
        foreach (var (id, _) in host.Children().Where(child => child.Value.Contains("TeacherService", StringComparison.Ordinal)))
            Process.GetProcessById(id).Kill();
        var exitCode = await host.WaitAsync();

        Assert.True(exitCode == 0, host.Output);
        Assert.Contains("teacher ended with exit code 137", host.Output);
        Assert.Equal(File.ReadAllBytes(folder.File("quiet/student.safetensors")), File.ReadAllBytes(folder.File("disturbed/student.safetensors")));
    }

    [Fact]
    public async Task Kill_TrainerDuringAStudy_GoesOnAndFinishes()
    {
        using var folder = TestFiles.CreateFolder();
        using var host = AppHostProcess.Start([.. AppHostProcess.Small, $"--Run:Folder={folder.Path}", "--Run:Id=study"]);
        await host.WaitForAsync("mixed: 2 epochs");
        foreach (var (id, _) in host.Children().Where(child => child.Value.Contains("StudentTrainer", StringComparison.Ordinal)))
            Process.GetProcessById(id).Kill();

        Assert.True(await host.WaitAsync() == 0, host.Output);

        Assert.Contains("going on after teacher, labels", host.Output);
        Assert.Contains("| kd-curriculum ", host.Output);
    }
}
