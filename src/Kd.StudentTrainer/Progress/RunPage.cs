using System.Net;

namespace Kd.StudentTrainer.Progress;

/// <summary>The run page: the progress of the run, as a page that refreshes itself and needs nothing from elsewhere.</summary>
internal static class RunPage
{
    private const string Style = "body{font:14px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;color-scheme:light dark}pre{overflow-x:auto;padding:1rem;border:1px solid #8888;border-radius:6px}";

    /// <summary>Maps the page to <c>/</c> and its lines to <c>/progress</c>.</summary>
    public static void MapRunPage(this WebApplication app)
    {
        app.MapGet("/", (ConsoleProgress progress) => Results.Content(Render(progress.Lines), "text/html; charset=utf-8"));
        app.MapGet("/progress", (ConsoleProgress progress) => progress.Lines);
    }

    private static string Render(IReadOnlyList<string> lines) =>
        $"""
        <!DOCTYPE html>
        <html lang="en">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta http-equiv="refresh" content="3">
        <title>Kd.Aspire run</title><style>{Style}</style></head>
        <body><h1>Kd.Aspire run</h1><pre>{WebUtility.HtmlEncode(string.Join('\n', lines))}</pre></body>
        </html>
        """;
}
