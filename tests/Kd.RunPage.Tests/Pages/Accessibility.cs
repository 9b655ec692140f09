using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Kd.Tests;

namespace Kd.RunPage.Tests.Pages;

internal static class Accessibility
{
    /// <summary>Notes where keyboard and screen reader cannot use what the page shows now, as far as rules can tell (WCAG 2.2, A and AA).</summary>
    public static async Task CheckAccessibilityAsync(this OpenBrowser browser)
    {
        var result = await browser.Page.RunAxe(
            new AxeRunOptions
            {
                RunOnly = RunOnlyOptions.Tags("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"),
                ResultTypes = [ResultType.Violations],
            }
        );
        foreach (var violation in result.Violations)
            browser.Note(
                $"{browser.Page.Url} {violation.Id}: {violation.Help}\n  "
                    + string.Join("\n  ", violation.Nodes.Take(4).Select(node => $"{node.Html} {string.Join(' ', node.Any.Select(check => check.Message))}"))
                    + "\n"
            );
    }
}
