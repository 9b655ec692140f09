using System.Net;
using System.Net.Http.Json;
using System.Text.RegularExpressions;
using Kd.Tests;

namespace Kd.EndToEnd.Tests.Hosting;

/// <summary>Processes that are killed and interrupted.</summary>
[Collection(nameof(OneAppHost))]
public sealed class ProcessTests
{
    public ProcessTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux: it looks at /proc");

    [Fact]
    public async Task Kill_Host_LeavesNoProcessAfterFifteenSeconds()
    {
        using var folder = TestFiles.CreateFolder();
        using var host = AppHostProcess.Start([.. AppHostProcess.Small, "--Training:Epochs=1000", $"--Run:Folder={folder.Path}"]);
        await host.WaitForAsync("epoch 2/1000");
        var processes = host.Processes();
        string[] services = ["Kd.Cache", "Kd.TeacherService", "Kd.CurriculumAgent", "Kd.StudentTrainer", "Aspire.Dashboard"];
        Assert.All(services, service => Assert.Contains(processes.Values, command => command.Contains(service, StringComparison.Ordinal)));

        host.Kill();

        Assert.Empty(await AppHostProcess.WaitUntilGoneAsync(processes, TimeSpan.FromSeconds(15)));
    }

    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    public async Task Interrupt_Host_StopsEverythingBeforeItEnds(string signal)
    {
        using var folder = TestFiles.CreateFolder();
        using var host = AppHostProcess.Start([.. AppHostProcess.Small, "--Training:Epochs=1000", $"--Run:Folder={folder.Path}"]);
        await host.WaitForAsync("epoch 2/1000");
        var processes = host.Processes();

        host.Signal(signal);
        var exitCode = await host.WaitAsync();

        Assert.Equal(0, exitCode);
        Assert.Contains("stopped before the end of its run; the same command continues it", host.Output);
        Assert.DoesNotContain("   at ", host.Output);
        // DCP itself goes a moment after the host; the services must be gone by then.
        Assert.DoesNotContain(processes, process => process.Value.Contains("/Kd.", StringComparison.Ordinal) && AppHostProcess.IsAlive(process.Key));
        Assert.Empty(await AppHostProcess.WaitUntilGoneAsync(processes, TimeSpan.FromSeconds(15)));
    }

    // Both are started again by themselves, and the result is that of a run without disturbance.
    [Fact]
    public async Task Kill_TeacherAndCacheDuringARun_GivesTheSameStudent()
    {
        using var folder = TestFiles.CreateFolder();
        string[] arguments = [.. AppHostProcess.Small, "--Run:Study=false", "--Distillation:Method=kd-curriculum", "--Training:Epochs=40", "--Views:PerSample=0", $"--Run:Folder={folder.Path}"];
        Assert.Equal(0, (await AppHostProcess.RunAsync([.. arguments, "--Run:Id=quiet"])).ExitCode);

        using var host = AppHostProcess.Start([.. arguments, "--Run:Id=disturbed", "--Cache:Folder="]);
        await host.WaitForAsync("epoch 3/40");
        host.KillService("Kd.Cache");
        await host.WaitForAsync("epoch 5/40");
        host.KillService("Kd.TeacherService");
        var exitCode = await host.WaitAsync();

        Assert.True(exitCode == 0, host.Output);
        Assert.Matches("cache +[|] ended with exit code 137; starting it again in 1 s", host.Output);
        Assert.Matches("teacher +[|] ended with exit code 137; starting it again in 1 s", host.Output);
        Assert.Equal(File.ReadAllBytes(folder.File("quiet/student.safetensors")), File.ReadAllBytes(folder.File("disturbed/student.safetensors")));
    }

    [Fact]
    public async Task Kill_TrainerAndAgentDuringAStudy_GoesOnAndFinishes()
    {
        using var folder = TestFiles.CreateFolder();
        using var host = AppHostProcess.Start([.. AppHostProcess.Small, $"--Run:Folder={folder.Path}", "--Run:Id=study"]);
        await host.WaitForAsync("mixed: 2 epochs");
        host.KillService("Kd.CurriculumAgent");
        host.KillService("Kd.StudentTrainer");

        Assert.True(await host.WaitAsync() == 0, host.Output);

        Assert.Matches("agent +[|] ended with exit code 137; starting it again in 1 s", host.Output);
        Assert.Contains("going on after teacher, labels", host.Output);
        Assert.Contains("| kd-curriculum ", host.Output);
    }

    [Fact]
    public async Task Kill_TrainerInARunFromItsPage_GoesOnWithThatRunOnly()
    {
        using var folder = TestFiles.CreateFolder();
        using var host = AppHostProcess.Start([.. AppHostProcess.Small, $"--Run:Folder={folder.Path}", "--Run:Study=false", "--Distillation:Method=labels", "--Run:Stay=true"]);
        await host.WaitForAsync("the trainer stays");
        using var page = new HttpClient { BaseAddress = await host.PageAsync() };
        var settings = new Dictionary<string, object> { ["Training:Epochs"] = 300, ["Run:Id"] = "asked" };
        Assert.Equal(HttpStatusCode.Accepted, (await page.PostAsJsonAsync("api/runs", new { settings }, TestContext.Current.CancellationToken)).StatusCode);
        await host.WaitForAsync("epoch 3/300");
        host.KillService("Kd.StudentTrainer");

        await host.WaitForAsync("goes on from its checkpoint");
        // On the same address: who looks at the page sees it go on.
        (await page.PostAsync("api/run/stop", null, TestContext.Current.CancellationToken)).EnsureSuccessStatusCode();
        await host.WaitForAsync("stopped after epoch");
        host.Signal("INT");

        Assert.Equal(0, await host.WaitAsync());
        Assert.Single(Regex.Matches(host.Output, "labels: 2 epochs"));
        Assert.True(File.Exists(folder.File("asked/metrics.jsonl")));
    }
}
