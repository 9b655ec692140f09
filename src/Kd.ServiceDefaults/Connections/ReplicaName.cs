namespace Kd.ServiceDefaults.Connections;

/// <summary>How answers name the replica that gave them.</summary>
public static class ReplicaName
{
    /// <summary>Header of every gRPC answer.</summary>
    public const string Header = "kd-replica";

    private const string Attributes = "OTEL_RESOURCE_ATTRIBUTES",
        Service = "OTEL_SERVICE_NAME",
        Instance = "service.instance.id=";

    /// <summary>This process's name: what telemetry calls it, where it was told, with its machine and process id, so that no two are the same.</summary>
    public static string Own { get; } =
        Compose(Environment.GetEnvironmentVariable(Service), Environment.GetEnvironmentVariable(Attributes), Environment.MachineName, Environment.ProcessId);

    /// <summary>The part of a name that people know: <c>teacher-abcd</c> of <c>teacher-abcd@machine:4711</c>.</summary>
    public static string Short(string name) => name.Split('@')[0] is { Length: > 0 } known ? known : name[1..];

    /// <summary>Composes a name that may stand in a header.</summary>
    /// <param name="service">What telemetry calls the service.</param>
    /// <param name="attributes">Telemetry's resource attributes; the instance id is among them.</param>
    /// <param name="machine">Name of the machine.</param>
    /// <param name="process">Id of the process.</param>
    internal static string Compose(string? service, string? attributes, string machine, int process)
    {
        var instance =
            attributes?.Split(',').FirstOrDefault(part => part.Trim().StartsWith(Instance, StringComparison.Ordinal))?.Trim()[Instance.Length..] ?? "";
        // Aspire's dashboard composes the name of a replica in the same way.
        if (instance.Length > 0 && service is { Length: > 0 })
            instance = $"{service}-{instance}";
        return string.Concat($"{instance}@{machine}:{process}".Select(letter => char.IsBetween(letter, '!', '~') ? letter : '_'));
    }
}
