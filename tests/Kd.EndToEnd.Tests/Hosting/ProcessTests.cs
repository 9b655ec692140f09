using System.Text.RegularExpressions;
using Kd.Tests;

namespace Kd.EndToEnd.Tests.Hosting;

/// <summary>Tests runs whose processes are killed or interrupted.</summary>
[Collection(nameof(OneAppHost))]
public sealed class ProcessTests
{
    public ProcessTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux: it looks at /proc");

    // The host restarts both, and the result is that of an undisturbed run.
    [Fact]
    public async Task Kill_CacheAndTeacherDuringARun_GivesTheSameStudent()
    {
        using var folder = TestFiles.CreateFolder();
        // In memory only, so that the entries are lost with the cache.
        using var host = AppHostProcess.Start([
            .. AppHostProcess.Small,
            "--Run:Study=false",
            "--Distillation:Method=kd-curriculum",
            "--Training:Epochs=20",
            "--Views:PerSample=0",
            $"--Run:Folder={folder.Path}",
            "--Run:Id=quiet",
            "--Cache:Folder=",
            "--Run:Stay=true",
        ]);
        await host.WaitForAsync("the trainer stays");
        await host.StartRunAsync(("Run:Id", "disturbed"));
        await host.WaitForAsync("kd-curriculum  epoch 3/", times: 2);
        host.KillService("Kd.Cache");
        await host.WaitForAsync("kd-curriculum  epoch 5/", times: 2);
        host.KillService("Kd.TeacherService");
        await host.WaitForAsync("the trainer stays", times: 2);

        await host.StartRunAsync(("Run:Id", "interrupted"), ("Training:Epochs", 1000));
        await host.WaitForAsync("kd-curriculum  epoch 2/", times: 3);
        await host.InterruptAsync("TERM");
        Assert.Matches("cache +[|] was killed by a signal; restarting it in 1 s", host.Output);
        Assert.Matches("teacher +[|] was killed by a signal; restarting it in 1 s", host.Output);
        Assert.Equal(File.ReadAllBytes(folder.File("quiet/student.safetensors")), File.ReadAllBytes(folder.File("disturbed/student.safetensors")));
    }

    [Fact]
    public async Task Kill_TrainerAndAgentDuringAStudy_GoesOnAndFinishes()
    {
        using var folder = TestFiles.CreateFolder();
        using var host = AppHostProcess.Start([.. AppHostProcess.Small, "--Run:Workers=1", $"--Run:Folder={folder.Path}", "--Run:Id=study"]);
        await host.WaitForAsync("mixed: 2 epochs");
        host.KillService("Kd.CurriculumAgent");
        host.KillService("Kd.StudentTrainer");

        Assert.True(await host.WaitAsync() == 0, host.Output);

        Assert.Matches("agent +[|] was killed by a signal; restarting it in 1 s", host.Output);
        Assert.Contains("continuing after teacher, labels", host.Output);
        Assert.Contains("| kd-curriculum ", host.Output);
    }

    [Fact]
    public async Task Kill_TrainerInARunFromItsPage_GoesOnWithThatRunOnlyUntilTheHostIsInterrupted()
    {
        using var folder = TestFiles.CreateFolder();
        using var host = AppHostProcess.Start([
            .. AppHostProcess.Small,
            $"--Run:Folder={folder.Path}",
            "--Run:Study=false",
            "--Distillation:Method=labels",
            "--Run:Stay=true",
        ]);
        await host.WaitForAsync("the trainer stays");
        await host.StartRunAsync(("Training:Epochs", 1000), ("Run:Id", "asked"));
        await host.WaitForAsync("epoch 3/1000");
        host.KillService("Kd.StudentTrainer");
        await host.WaitForAsync("continues from its checkpoint");
        // The trainer keeps its address, so that an open page shows the run continue.
        await host.UntilAsync(status => status.GetProperty("phase").GetString() == "running");

        await host.InterruptAsync("INT");
        Assert.Single(Regex.Matches(host.Output, "labels: 2 epochs"));
        Assert.True(File.Exists(folder.File("asked/metrics.jsonl")));
    }
}
