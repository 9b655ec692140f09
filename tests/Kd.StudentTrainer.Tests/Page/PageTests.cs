using Kd.StudentTrainer.Tests.Runs;
using Kd.StudentTrainer.Tests.Steering;
using Kd.Tests;
using Microsoft.Playwright;

namespace Kd.StudentTrainer.Tests.Page;

/// <summary>The run page of a real trainer in a real browser. With KD_SCREENSHOTS=FOLDER it leaves pictures of the views there.</summary>
[Collection(nameof(OneTrainer))]
public sealed class PageTests
{
    private static readonly string[] s_chromium = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
    private static readonly string[] s_small =
    [
        "--Dataset:DemoTrainPerClass=8", "--Dataset:DemoValidationPerClass=4", "--Views:PerSample=2", "--Student:Width=0.1", "--Student:Form=Standard", "--Training:BatchSize=24", "--Run:Threads=1",
        "--Training:LearningRate=0.01",
    ];

    [Fact]
    public async Task Page_RunStartedWatchedPausedResumedStoppedCompared_ShowsItAllWithoutAnError()
    {
        var browserPath = s_chromium.FirstOrDefault(File.Exists);
        Assert.SkipWhen(browserPath is null, "needs Chromium (apt-get install chromium)");
        using var folder = TestFiles.CreateFolder();
        await using var teacher = await TrainerRuns.StartTeacherAsync();
        await using var agent = await TrainerRuns.StartAgentAsync(folder.File("agent"));
        using (var first = TrainerProcess.Start(folder.File("runs"), [.. s_small, "--Distillation:Method=labels", "--Training:Epochs=6"], "first"))
            Assert.Equal(0, await first.EndAsync());
        using var trainer = TrainerProcess.Start(
            folder.File("runs"), [.. s_small, "--Distillation:Method=kd-curriculum", "--Training:Epochs=400", $"--TeacherClient:Address={teacher.Grpc}", $"--AgentClient:Address={agent.Grpc}"], "second");
        await trainer.UntilAsync(status => status.Epoch >= 4);
        // A busy machine is slow, not wrong.
        Assertions.SetDefaultExpectTimeout(30_000);
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = browserPath, Args = ["--no-sandbox", "--disable-gpu"] });
        var page = await browser.NewPageAsync(new() { ViewportSize = new() { Width = 1280, Height = 900 } });
        var (errors, foreign) = (new List<string>(), new List<string>());
        page.Console += (_, message) => { if (message.Type == "error") errors.Add(message.Text); };
        page.PageError += (_, error) => errors.Add(error);
        page.Request += (_, request) => { if (!request.Url.StartsWith(trainer.Client.BaseAddress!.ToString(), StringComparison.Ordinal) && !request.Url.StartsWith("data:", StringComparison.Ordinal)) foreign.Add(request.Url); };

        await page.GotoAsync(trainer.Client.BaseAddress!.ToString());
        var epoch = page.Locator("#epoch");
        var before = await epoch.InnerTextAsync();
        // Live without reload: another epoch, and lines in the charts.
        await Assertions.Expect(epoch).Not.ToHaveTextAsync(before, new() { Timeout = 30_000 });
        await Assertions.Expect(page.GetByText("Reward and its terms")).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator("figure .rz-line-series path")).Not.ToHaveCountAsync(0, new() { Timeout = 20_000 });
        // No collector is there: the last epochs' spans stand on the page.
        await Assertions.Expect(page.Locator(".timeline .lane .name", new() { HasText = "train.step" })).ToBeVisibleAsync(new() { Timeout = 20_000 });
        await Assertions.Expect(page.Locator(".timeline .lane .name", new() { HasText = "teacher.lookup" })).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator(".timeline .lane .name", new() { HasText = "curriculum.report" })).ToBeVisibleAsync();
        await Picture(page, "page-current");

        await page.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        await Assertions.Expect(page.Locator("#phase")).ToHaveTextAsync("paused");
        var paused = await trainer.UntilAsync(status => status.Phase == "paused");
        await page.GetByRole(AriaRole.Button, new() { Name = "Resume" }).ClickAsync();
        await Assertions.Expect(page.Locator("#phase")).ToHaveTextAsync("running");
        await trainer.UntilAsync(status => status.Epoch > paused.Epoch);

        await page.GetByText("Set by hand for the coming epochs").ClickAsync();
        await page.Locator("input[name=temperature]").FillAsync("6.5");
        await page.Locator("input[name=temperature]").BlurAsync();
        await page.Locator("input[name=epochs]").FillAsync("50");
        await page.Locator("input[name=epochs]").BlurAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Set", Exact = true }).ClickAsync();
        Assert.Equal(6.5, (await trainer.UntilAsync(status => status.Manual is not null)).Manual!.Temperature);

        await page.GetByRole(AriaRole.Link, new() { Name = "All runs" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Link, new() { Name = "first" })).ToBeVisibleAsync(new() { Timeout = 20_000 });
        await Picture(page, "page-runs");
        foreach (var name in new[] { "first", "second" })
            await page.GetByLabel($"compare {name}").CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Compare" }).ClickAsync();
        await Assertions.Expect(page.Locator("#differences")).ToContainTextAsync("training:epochs", new() { Timeout = 20_000 });
        await Assertions.Expect(page.Locator("#differences mark").First).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator("figure .rz-line-series path")).Not.ToHaveCountAsync(0, new() { Timeout = 20_000 });
        await Picture(page, "page-comparison");

        await page.GetByLabel("Light or dark").ClickAsync();
        await Assertions.Expect(page.Locator("#radzen-theme-link")).ToHaveAttributeAsync("href", new System.Text.RegularExpressions.Regex("dark-base"));
        await page.GetByRole(AriaRole.Link, new() { Name = "Current run" }).ClickAsync();
        await Assertions.Expect(page.Locator("figure .rz-line-series path")).Not.ToHaveCountAsync(0, new() { Timeout = 20_000 });
        await Picture(page, "page-current-dark");
        await page.SetViewportSizeAsync(390, 844);
        Assert.Equal(390, await page.EvaluateAsync<int>("document.documentElement.scrollWidth"));
        await Picture(page, "page-phone");
        Assert.Empty(foreign);
        Assert.Empty(errors);
        await page.GetByRole(AriaRole.Button, new() { Name = "Stop after this epoch" }).ClickAsync();
        Assert.Equal(0, await trainer.EndAsync());
    }

    private static async Task Picture(IPage page, string name)
    {
        if (Environment.GetEnvironmentVariable("KD_SCREENSHOTS") is not { Length: > 0 } folder)
            return;
        await page.WaitForTimeoutAsync(800);
        await page.ScreenshotAsync(new() { Path = Path.Combine(folder, $"{name}.png"), FullPage = true });
    }
}
