namespace Kd.RunPage.Components;

/// <summary>The run page's log messages.</summary>
internal static partial class PageLog
{
    [LoggerMessage(1, LogLevel.Warning, "The run page could not be refreshed; it tries again every few seconds")]
    public static partial void RefreshFailed(this ILogger logger, Exception error);
}
