using System.Text.RegularExpressions;
using Kd.EndToEnd.Tests.Hosting;
using Kd.Tests;
using Microsoft.Playwright;

namespace Kd.EndToEnd.Tests.Dashboard;

/// <summary>Tests the Aspire dashboard of a real run in a real browser.</summary>
/// <remarks>With KD_SCREENSHOTS=FOLDER it uses a longer run and saves the pictures of docs/watching.md in that folder.</remarks>
[Collection(nameof(OneAppHost))]
public sealed partial class DashboardTests
{
    // The demo with a longer run.
    private static readonly string[] s_shown = ["--Training:Epochs=150"];

    [Fact]
    public async Task Dashboard_Run_ShowsResourcesTraceLogsAndMetricsAndSteersIt()
    {
        _ = OpenBrowser.FindBrowser();
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux: it looks at /proc");
        using var folder = TestFiles.CreateFolder();
        var size = OpenBrowser.Screenshots is null ? [.. AppHostProcess.Small, "--Training:Epochs=5000"] : s_shown;
        using var host = AppHostProcess.Start([
            .. size,
            "--Run:Study=none",
            "--Distillation:Method=kd-curriculum",
            "--Run:Threads=1",
            "--Run:Id=watched",
            $"--Run:Folder={folder.Path}",
        ]);
        await host.UntilAsync(status => status.GetProperty("epoch").GetInt32() >= (OpenBrowser.Screenshots is null ? 4 : 25));
        var login = new Uri(Login().Match(host.Output).Groups[1].Value);
        await using var browser = await OpenBrowser.StartAsync(login.GetLeftPart(UriPartial.Authority));
        var page = browser.Page;
        await page.SetViewportSizeAsync(1280, 720);

        await page.GotoAsync(login.ToString());
        await SeeResources(page, browser);
        // The lists of a run that goes on move with each epoch, so that a click may miss its row.
        await Command(page, host, login, "Pause", "paused");
        await Assertions.Expect(Row(page, "Kd.StudentTrainer")).ToContainTextAsync("paused");
        await SeeTrace(page, browser, login);
        await SeeLogs(page, browser, login);
        await SeeMetric(page, browser, login);
        await Command(page, host, login, "Resume", "running");
        await Assertions.Expect(Row(page, "Kd.StudentTrainer")).Not.ToContainTextAsync("paused");
    }

    private static async Task SeeResources(IPage page, OpenBrowser browser)
    {
        foreach (var project in new[] { "Kd.Cache", "Kd.TeacherService", "Kd.CurriculumAgent" })
        {
            await Assertions.Expect(Row(page, project)).ToContainTextAsync("Running");
            await Assertions.Expect(Row(page, project)).Not.ToContainTextAsync("Unhealthy");
        }

        await Assertions.Expect(Row(page, "Kd.StudentTrainer")).ToContainTextAsync(new Regex(@"epoch \d+/"));
        await Assertions.Expect(page.GetByText("Run page")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByText("certificate")).ToHaveCountAsync(0);
        // Wide enough for the state column of a run.
        await page.SetViewportSizeAsync(1600, 480);
        await browser.PictureAsync("dashboard-resources", whole: false);
        await page.SetViewportSizeAsync(1280, 720);

        await page.GetByText("Graph").ClickAsync();
        await Assertions.Expect(page.Locator(".resource-name")).ToContainTextAsync(["agent", "cache", "teacher", "trainer"]);
        // trainer -> teacher -> cache, trainer -> agent.
        await Assertions.Expect(page.Locator(".links > *")).ToHaveCountAsync(3);
        await browser.PictureAsync("dashboard-graph", whole: false);
    }

    private static async Task SeeTrace(IPage page, OpenBrowser browser, Uri site)
    {
        await page.GotoAsync(new Uri(site, "/traces").ToString());
        await page.GetByText(new Regex(@"epoch 1/\d+ kd-curriculum")).First.ClickAsync();
        foreach (
            var (span, service) in new[]
            {
                ("train step", "trainer"),
                ("look up logits", "trainer"),
                ("label views", "trainer"),
                ("read cache", "teacher"),
                ("teacher pass", "teacher"),
                ("report epoch", "trainer"),
                ("decide next epoch", "agent"),
            }
        )
            await Assertions.Expect(page.Locator("tr", new() { HasText = span }).Filter(new() { HasText = service }).First).ToBeVisibleAsync();
        await browser.PictureAsync("dashboard-trace", whole: false);
    }

    private static async Task SeeLogs(IPage page, OpenBrowser browser, Uri site)
    {
        await page.GotoAsync(new Uri(site, "/structuredlogs?filters=kd.run.id:equals:watched").ToString());
        await Assertions.Expect(page.GetByText("Epoch ended").First).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByText("No filters")).ToHaveCountAsync(0);
        // Services whose messages do not belong to a run must not be listed.
        await Assertions.Expect(page.Locator("tbody tr", new() { HasText = "Serving" })).ToHaveCountAsync(0);
        await page.Locator("tr", new() { HasText = "Epoch ended" }).First.GetByRole(AriaRole.Link).ClickAsync();
        await Assertions.Expect(page.GetByText("validate").First).ToBeVisibleAsync();

        await page.GotoAsync(new Uri(site, "/structuredlogs?filters=kd.run.id:equals:another").ToString());
        await Assertions.Expect(page.GetByText("Epoch ended")).ToHaveCountAsync(0);
        await Assertions.Expect(page.GetByText("No structured logs")).ToBeVisibleAsync();
    }

    private static async Task SeeMetric(IPage page, OpenBrowser browser, Uri site)
    {
        await page.GotoAsync(new Uri(site, "/metrics/resource/trainer").ToString());
        await page.Locator("fluent-tree-item[title='kd.training.epoch.loss']").DispatchEventAsync("click");
        await Assertions.Expect(page.GetByText("Mean training loss of the last epoch")).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator(".js-line")).Not.ToHaveCountAsync(0);
        await browser.PictureAsync("dashboard-metrics", whole: false);
    }

    private static async Task Command(IPage page, AppHostProcess host, Uri site, string command, string phase)
    {
        await page.GotoAsync(new Uri(site, "/?view=Table").ToString());
        var button = Row(page, "Kd.StudentTrainer").Locator($"fluent-button[title^='{command}']");
        var clicks = 0;
        do
        {
            Assert.True(++clicks <= 5, $"{command} had no effect");
            await button.ClickAsync();
        } while (!await host.IsSoonAsync(status => status.GetProperty("phase").GetString() == phase, TimeSpan.FromSeconds(10)));
    }

    private static ILocator Row(IPage page, string project) => page.Locator("tr", new() { HasText = project + ".csproj" });

    [GeneratedRegex(@"Dashboard: +(\S+)")]
    private static partial Regex Login();
}
