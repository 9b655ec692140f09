namespace Kd.Cache;

internal static partial class CacheLog
{
    [LoggerMessage(
        1,
        LogLevel.Information,
        "Serving the Redis protocol on 127.0.0.1:{Port}, entries kept in {Folder} for later runs (--Cache:Folder= for memory only)"
    )]
    public static partial void ServingFromFolder(this ILogger logger, int port, string folder);

    [LoggerMessage(2, LogLevel.Information, "Serving the Redis protocol on 127.0.0.1:{Port}, entries in memory only")]
    public static partial void ServingFromMemory(this ILogger logger, int port);

    [LoggerMessage(
        3,
        LogLevel.Warning,
        "The cache folder '{Folder}' cannot be used ({Reason}); another AppHost may be using it. This time the cache is in memory only; "
            + "--Cache:Folder names another folder."
    )]
    public static partial void FolderUnusable(this ILogger logger, string folder, string reason);

    [LoggerMessage(
        4,
        LogLevel.Warning,
        "The entries in the cache folder '{Folder}' cannot be read ({Reason}); delete the folder to start over. This time the cache is in memory only."
    )]
    public static partial void EntriesUnreadable(this ILogger logger, string folder, string reason);
}
