using Microsoft.Extensions.Logging;

namespace Kd.ServiceDefaults.Connections;

/// <summary>Log messages about the addresses of services.</summary>
internal static partial class ConnectionsLog
{
    [LoggerMessage(1, LogLevel.Warning, "{Problem}")]
    public static partial void NoAddress(this ILogger logger, string problem);

    [LoggerMessage(2, LogLevel.Information, "{Service} has {Count} addresses now: {Added} added, {Removed} removed")]
    public static partial void AddressesChanged(this ILogger logger, string service, int count, int added, int removed);
}
