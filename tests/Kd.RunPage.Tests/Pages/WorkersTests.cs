using System.Text.RegularExpressions;
using Kd.Tests;
using Microsoft.Playwright;

namespace Kd.RunPage.Tests.Pages;

/// <summary>The run page of a trainer that shares a study with a worker.</summary>
[Collection(nameof(OneTrainer))]
public sealed class WorkersTests
{
    [Fact]
    public async Task Page_StudyWithAWorker_ShowsItsRunAndPausesIt()
    {
        _ = OpenBrowser.FindBrowser();
        using var folder = TestFiles.CreateFolder();
        await using var teacher = await TrainerRuns.StartTeacherAsync("--Teacher:Threads=1");
        await using var agent = await TrainerRuns.StartAgentAsync(folder.File("agent"));
        string[] settings = [.. TrainerProcess.Small, $"--TeacherClient:Address={teacher.Grpc}", $"--AgentClient:Address={agent.Grpc}"];
        using var trainer = TrainerProcess.Start(folder.File("runs"), [.. settings, "--Run:Study=methods", "--Training:Epochs=100"], "study");
        using var worker = TrainerProcess.Start(folder.File("runs"), [.. settings, "--Run:Task=work"], "");
        await worker.UntilAsync(status => status is { Phase: "running", Epoch: > 1 });
        await using var browser = await OpenBrowser.StartAsync(trainer.Client.BaseAddress!.ToString(), trainer.Page);
        await browser.Page.GotoAsync(browser.Site);
        var row = browser.Page.Locator("#workers tbody tr");

        await Assertions.Expect(row).ToHaveCountAsync(1);
        await Assertions.Expect(row).ToContainTextAsync(new Regex("^(kd-curriculum|labels).*running.* of 100.*%", RegexOptions.Singleline));
        await browser.CheckAccessibilityAsync();
        await browser.PictureAsync("page-workers");
        await browser.Page.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        await Assertions.Expect(row).ToContainTextAsync("paused");
        await worker.UntilAsync(status => status.Phase == "paused");
    }
}
