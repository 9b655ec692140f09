using Kd.Tests;
using Kd.Training.Artifacts;
using Microsoft.Playwright;

namespace Kd.RunPage.Tests.Pages;

/// <summary>
/// Takes the documentation's pictures of the run page into KD_SCREENSHOTS, from the runs of the folder KD_RUNS: the README's study and a run named
/// <c>cifar10</c>. A live run with the README's settings is started beside them.
/// </summary>
[Collection(nameof(OneTrainer))]
public sealed class PictureTests
{
    [Fact]
    public async Task Pages_OfRealRuns_LeaveTheirPictures()
    {
        var runs = Environment.GetEnvironmentVariable("KD_RUNS");
        Assert.SkipWhen(
            runs is null || OpenBrowser.Screenshots is null,
            "KD_RUNS (a folder with the README's study and a run cifar10) or KD_SCREENSHOTS is not set"
        );
        using var folder = TestFiles.CreateFolder();
        await using var teacher = await TrainerRuns.StartTeacherAsync(
            $"--Teacher:Weights={Path.Combine(TestFiles.RepositoryRoot, "models", "demo-teacher.safetensors")}"
        );
        await using var agent = await TrainerRuns.StartAgentAsync(folder.File("agent"));
        using var trainer = TrainerProcess.Start(runs!, ["--Run:Task=serve", $"--TeacherClient:Address={teacher.Grpc}", $"--AgentClient:Address={agent.Grpc}"]);
        await trainer.UntilAsync(status => status.Phase == "waiting");
        await using var browser = await OpenBrowser.StartAsync(trainer.Client.BaseAddress!.ToString(), trainer.Page);
        var study = Path.GetFileName(Path.GetDirectoryName(Directory.EnumerateFiles(runs!, RunFolder.StudyFile, SearchOption.AllDirectories).Max()!))!;
        await PictureFinishedRunsAsync(browser, study);
        await PictureLiveRunAsync(browser, trainer, study);
        browser.AssertQuiet();
    }

    private static async Task PictureFinishedRunsAsync(OpenBrowser browser, string study)
    {
        await OpenAsync(browser, $"study?name={study}", "figure .rz-line-series path");
        await browser.PictureAsync("page-study");
        await OpenAsync(browser, "run?name=cifar10", "figure .rz-line-series path");
        await browser.PictureAsync("page-run");
        await OpenAsync(browser, "run?name=cifar10&tab=samples", ".samples img");
        await browser.PictureAsync("page-samples");
        await OpenAsync(browser, "run?name=cifar10&tab=test", ".panel svg");
        await browser.PictureAsync("page-test");
        await OpenAsync(browser, "runs", ".rz-grid-table tbody tr");
        await browser.PictureAsync("page-runs");
        var arms = new[] { "labels", "mixed", "kd", "kd-curriculum" };
        await OpenAsync(browser, $"compare?{string.Join('&', arms.Select(arm => $"name={study}/{arm}"))}", "figure .rz-line-series path");
        await browser.PictureAsync("page-comparison");
        await OpenAsync(browser, "new?from=cifar10", "[name='Training:Epochs']");
        await browser.Page.Locator("[name='Training:Epochs']").FillAsync("0");
        await browser.Page.GetByRole(AriaRole.Button, new() { Name = "Start" }).ClickAsync();
        await Assertions.Expect(browser.Page.Locator("#problems")).ToContainTextAsync("Training:Epochs is '0'");
        await browser.PictureAsync("page-new");
    }

    private static async Task PictureLiveRunAsync(OpenBrowser browser, TrainerProcess trainer, string study)
    {
        var page = browser.Page;
        await OpenAsync(browser, $"new?from={study}/kd-curriculum", "[name='Training:Epochs']");
        await page.Locator("[name='Run:Study']").SelectOptionAsync("none");
        await page.Locator("[name='Distillation:Method']").SelectOptionAsync("kd-curriculum");
        await page.Locator("[name='Run:Id']").FillAsync($"live-{Environment.ProcessId}");
        await page.GetByRole(AriaRole.Button, new() { Name = "Start" }).ClickAsync();
        await Assertions.Expect(page.Locator("#phase")).ToBeVisibleAsync();
        // In parts, since each wait has a limit.
        foreach (var epoch in new[] { 8, 15, 21 })
            await trainer.UntilAsync(status => status.Epoch >= epoch);
        await browser.PictureAsync("page-current");
        await OpenAsync(browser, "?tab=curriculum", "figure .rz-line-series path");
        await browser.PictureAsync("page-curriculum");
        await OpenAsync(browser, "?tab=timeline", ".timeline");
        await page.Locator(".timeline").ScreenshotAsync(new() { Path = Path.Combine(OpenBrowser.Screenshots!, "page-timeline.png") });
        await OpenAsync(browser, "", "figure .rz-line-series path");
        await page.GetByLabel("Light or dark").ClickAsync();
        await browser.PictureAsync("page-current-dark");
        await page.SetViewportSizeAsync(390, 844);
        await browser.PictureAsync("page-phone", whole: false);
    }

    private static async Task OpenAsync(OpenBrowser browser, string address, string shown)
    {
        await browser.Page.GotoAsync(new Uri(new Uri(browser.Site), address).ToString());
        await Assertions.Expect(browser.Page.Locator(shown).First).ToBeAttachedAsync();
    }
}
