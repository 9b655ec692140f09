using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.RegularExpressions;
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

    [Fact]
    public async Task Kill_TrainerInARunFromItsPage_GoesOnWithThatRunOnly()
    {
        using var folder = TestFiles.CreateFolder();
        using var host = AppHostProcess.Start([.. AppHostProcess.Small, $"--Run:Folder={folder.Path}", "--Run:Study=false", "--Distillation:Method=labels", "--Run:Stay=true"]);
        await host.WaitForAsync("the trainer stays");
        using var page = new HttpClient { BaseAddress = new Uri(Regex.Match(host.Output, @"Run page: (\S+)").Groups[1].Value) };
        var settings = new Dictionary<string, object> { ["Training:Epochs"] = 300, ["Run:Id"] = "asked" };
        Assert.Equal(HttpStatusCode.Accepted, (await page.PostAsJsonAsync("api/runs", new { settings }, TestContext.Current.CancellationToken)).StatusCode);
        await host.WaitForAsync("epoch 3/300");
        foreach (var (id, _) in host.Children().Where(child => child.Value.Contains("StudentTrainer", StringComparison.Ordinal)))
            Process.GetProcessById(id).Kill();

        await host.WaitForAsync("goes on from its checkpoint");
        // On the same address: who looks at the page sees it go on.
        (await page.PostAsync("api/run/stop", null, TestContext.Current.CancellationToken)).EnsureSuccessStatusCode();
        await host.WaitForAsync("stopped after epoch");
        using var kill = Process.Start("kill", ["-INT", $"{host.Id}"]);

        Assert.Equal(0, await host.WaitAsync());
        Assert.Single(Regex.Matches(host.Output, "labels: 2 epochs"));
        Assert.True(File.Exists(folder.File("asked/metrics.jsonl")));
    }
}
