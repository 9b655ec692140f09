#if KD_BROWSER
using Microsoft.Playwright;

namespace Kd.Tests;

/// <summary>Runs a real browser with one page, and collects its errors and its requests to other sites.</summary>
internal sealed class OpenBrowser : IAsyncDisposable
{
    private static readonly string[] s_chromium = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;
    private readonly List<string> _errors = [],
        _foreign = [];

    private OpenBrowser(IPlaywright playwright, IBrowser browser, IPage page, string site)
    {
        (_playwright, _browser, Page, Site) = (playwright, browser, page, site);
        page.Console += (_, message) =>
        {
            if (message.Type == "error")
                _errors.Add(message.Text);
        };
        page.PageError += (_, error) => _errors.Add(error);
        page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith(site, StringComparison.Ordinal) && !request.Url.StartsWith("data:", StringComparison.Ordinal))
                _foreign.Add(request.Url);
        };
    }

    /// <summary>Folder of screenshots (KD_SCREENSHOTS, relative to the repository); null: none are taken.</summary>
    public static string? Screenshots { get; } =
        Environment.GetEnvironmentVariable("KD_SCREENSHOTS") is { Length: > 0 } folder ? Path.GetFullPath(folder, TestFiles.RepositoryRoot) : null;

    public IPage Page { get; }

    /// <summary>Address of the site.</summary>
    public string Site { get; }

    /// <summary>Starts the browser; skips the test if none is installed.</summary>
    /// <param name="site">The only site to which requests are allowed.</param>
    /// <param name="entry">Address that sets the site's cookie; null: it needs none.</param>
    public static async Task<OpenBrowser> StartAsync(string site, string? entry = null)
    {
        var path = FindBrowser();
        // Pages take longer on a busy machine.
        Assertions.SetDefaultExpectTimeout(30_000);
        var playwright = await Playwright.CreateAsync();
        var browser = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = path, Args = ["--no-sandbox", "--disable-gpu"] });
        var page = await browser.NewPageAsync(
            new()
            {
                ViewportSize = new() { Width = 1280, Height = 900 },
            }
        );
        if (entry is not null)
            await page.APIRequest.GetAsync(entry);
        return new OpenBrowser(playwright, browser, page, site);
    }

    /// <summary>Asserts that there were no errors and no requests to other sites.</summary>
    public void AssertQuiet()
    {
        Assert.Empty(_foreign);
        Assert.True(_errors.Count == 0, string.Join('\n', _errors));
    }

    /// <summary>Adds an error.</summary>
    public void Note(string error) => _errors.Add(error);

    /// <summary>Saves a screenshot of the page in the folder of KD_SCREENSHOTS, if that is set.</summary>
    public async Task PictureAsync(string name, bool whole = true)
    {
        if (Screenshots is null)
            return;
        var size = Page.ViewportSize!;
        // Playwright's own whole screenshots change the window's size while they are taken, and charts are caught measuring themselves.
        if (whole)
            await Page.SetViewportSizeAsync(size.Width, Math.Max(size.Height, await Page.EvaluateAsync<int>("document.documentElement.scrollHeight")));
        await Page.WaitForTimeoutAsync(3000);
        await Page.ScreenshotAsync(new() { Path = Path.Combine(Screenshots, $"{name}.png") });
        await Page.SetViewportSizeAsync(size.Width, size.Height);
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }

    /// <summary>Finds the browser's program; skips the test if none is installed.</summary>
    public static string FindBrowser()
    {
        var path = s_chromium.FirstOrDefault(File.Exists);
        Assert.SkipWhen(path is null, "needs Chromium (apt-get install chromium)");
        return path;
    }
}
#endif
