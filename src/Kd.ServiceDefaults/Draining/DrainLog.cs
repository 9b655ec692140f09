using Microsoft.Extensions.Logging;

namespace Kd.ServiceDefaults.Draining;

/// <summary>Log messages of the drain.</summary>
internal static partial class DrainLog
{
    [LoggerMessage(1, LogLevel.Information, "Stopping: {Calls} calls in progress are finished first, new ones are refused")]
    public static partial void Draining(this ILogger logger, int calls);

    [LoggerMessage(2, LogLevel.Warning, "{Calls} calls did not end within the shutdown timeout (DOTNET_SHUTDOWNTIMEOUTSECONDS) and are cut off")]
    public static partial void CallsCutOff(this ILogger logger, int calls);
}
