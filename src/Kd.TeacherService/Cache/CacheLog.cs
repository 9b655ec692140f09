namespace Kd.TeacherService.Cache;

/// <summary>The cache's log messages.</summary>
internal static partial class CacheLog
{
    [LoggerMessage(20, LogLevel.Warning, "Redis is away; the teacher goes on without its cache and computes every view ({Reason})")]
    public static partial void CacheIsAway(this ILogger logger, string reason);

    [LoggerMessage(21, LogLevel.Information, "Redis is back; the cache is used again")]
    public static partial void CacheIsBack(this ILogger logger);

    [LoggerMessage(22, LogLevel.Warning, "No cache is configured (ConnectionStrings:cache): the teacher computes every view each time")]
    public static partial void NoCache(this ILogger logger);

    [LoggerMessage(
        23,
        LogLevel.Warning,
        "Redis answers too slowly (over {Milliseconds:F0} ms); the teacher goes on without it and uses it again when it is faster"
    )]
    public static partial void CacheIsSlow(this ILogger logger, double milliseconds);

    [LoggerMessage(24, LogLevel.Warning, "The cache is full and takes no new entries ({Reason}); what it has is still used")]
    public static partial void CacheIsFull(this ILogger logger, string reason);
}
