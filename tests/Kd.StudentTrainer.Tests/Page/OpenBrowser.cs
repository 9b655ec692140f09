using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace Kd.StudentTrainer.Tests.Page;

/// <summary>A real browser with one page, and what went wrong in it.</summary>
internal sealed class OpenBrowser : IAsyncDisposable
{
    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;
    private readonly List<string> _errors = [], _foreign = [];

    private OpenBrowser(IPlaywright playwright, IBrowser browser, IPage page, string site)
    {
        (_playwright, _browser, Page) = (playwright, browser, page);
        page.Console += (_, message) => { if (message.Type == "error") _errors.Add(message.Text); };
        page.PageError += (_, error) => _errors.Add(error);
        page.Request += (_, request) => { if (!request.Url.StartsWith(site, StringComparison.Ordinal) && !request.Url.StartsWith("data:", StringComparison.Ordinal)) _foreign.Add(request.Url); };
    }

    public IPage Page { get; }

    /// <param name="path">The browser's program.</param>
    /// <param name="site">The only site that may be asked for anything.</param>
    public static async Task<OpenBrowser> StartAsync(string path, string site)
    {
        // A busy machine is slow, not wrong.
        Assertions.SetDefaultExpectTimeout(30_000);
        var playwright = await Playwright.CreateAsync();
        var browser = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = path, Args = ["--no-sandbox", "--disable-gpu"] });
        return new OpenBrowser(playwright, browser, await browser.NewPageAsync(new() { ViewportSize = new() { Width = 1280, Height = 900 } }), site);
    }

    /// <summary>Nothing went wrong, and no other site was asked.</summary>
    public void AssertQuiet()
    {
        Assert.Empty(_foreign);
        Assert.True(_errors.Count == 0, string.Join('\n', _errors));
    }

    /// <summary>Notes where keyboard and screen reader cannot use what the page shows now, as far as rules can tell (WCAG 2.2, A and AA).</summary>
    public async Task CheckAccessibilityAsync()
    {
        var result = await Page.RunAxe(new AxeRunOptions { RunOnly = RunOnlyOptions.Tags("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice") });
        _errors.AddRange(result.Violations.Select(violation =>
            $"{Page.Url} {violation.Id}: {violation.Help}\n  {string.Join("\n  ", violation.Nodes.Take(4).Select(node => $"{node.Html} {string.Join(' ', node.Any.Select(check => check.Message))}"))}\n"));
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }
}
