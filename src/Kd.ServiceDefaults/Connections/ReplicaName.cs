namespace Kd.ServiceDefaults.Connections;

/// <summary>Composes the names of replicas that responses carry.</summary>
public static class ReplicaName
{
    /// <summary>Header of every gRPC response.</summary>
    public const string Header = "kd-replica";

    /// <summary>Header of every gRPC request: the client's name, so that a service can share its time evenly.</summary>
    public const string ClientHeader = "kd-client";

    private const string Attributes = "OTEL_RESOURCE_ATTRIBUTES",
        Service = "OTEL_SERVICE_NAME",
        Instance = "service.instance.id=";

    /// <summary>This process's name: its telemetry name, if set, followed by machine and process id, so that names are unique.</summary>
    public static string Own { get; } =
        Compose(Environment.GetEnvironmentVariable(Service), Environment.GetEnvironmentVariable(Attributes), Environment.MachineName, Environment.ProcessId);

    /// <summary>Returns the part of a name for display: <c>teacher-abcd</c> of <c>teacher-abcd@machine:4711</c>.</summary>
    public static string Short(string name) => name.Split('@')[0] is { Length: > 0 } known ? known : name[1..];

    /// <summary>Composes a name that is valid in a header.</summary>
    /// <param name="service">The service's telemetry name.</param>
    /// <param name="attributes">Telemetry's resource attributes, including the instance id.</param>
    /// <param name="machine">Name of the machine.</param>
    /// <param name="process">Id of the process.</param>
    internal static string Compose(string? service, string? attributes, string machine, int process)
    {
        var instance =
            attributes?.Split(',').FirstOrDefault(part => part.Trim().StartsWith(Instance, StringComparison.Ordinal))?.Trim()[Instance.Length..] ?? "";
        // Aspire's dashboard composes replica names in the same way.
        if (instance.Length > 0 && service is { Length: > 0 })
            instance = $"{service}-{instance}";
        return string.Concat($"{instance}@{machine}:{process}".Select(letter => char.IsBetween(letter, '!', '~') ? letter : '_'));
    }
}
