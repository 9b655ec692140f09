namespace Kd.TeacherService.Cache;

/// <summary>Log messages of the cache.</summary>
internal static partial class CacheLog
{
    [LoggerMessage(20, LogLevel.Warning, "Redis is away; the teacher goes on without its cache and computes every view ({Reason})")]
    public static partial void CacheUnavailable(this ILogger logger, string reason);

    [LoggerMessage(21, LogLevel.Information, "Redis is available again; the cache is used again")]
    public static partial void CacheAvailableAgain(this ILogger logger);

    [LoggerMessage(22, LogLevel.Warning, "No cache is configured (ConnectionStrings:cache): the teacher computes every view each time")]
    public static partial void NoCache(this ILogger logger);

    [LoggerMessage(
        23,
        LogLevel.Warning,
        "Redis responds too slowly (over {Milliseconds:F0} ms); the teacher continues without it and uses it again when it is faster"
    )]
    public static partial void CacheTooSlow(this ILogger logger, double milliseconds);

    [LoggerMessage(24, LogLevel.Warning, "The cache stores no new entries ({Reason}); its existing entries are still used")]
    public static partial void CacheFull(this ILogger logger, string reason);
}
