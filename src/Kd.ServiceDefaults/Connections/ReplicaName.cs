namespace Kd.ServiceDefaults.Connections;

/// <summary>How answers name the replica that gave them.</summary>
public static class ReplicaName
{
    /// <summary>Header of every gRPC answer.</summary>
    public const string Header = "kd-replica";

    private const string Attributes = "OTEL_RESOURCE_ATTRIBUTES", Instance = "service.instance.id=";

    /// <summary>This process's name: what telemetry calls it, where it was told, with its machine and process id, so that no two are the same.</summary>
    public static string Own { get; } = Compose(Environment.GetEnvironmentVariable(Attributes), Environment.MachineName, Environment.ProcessId);

    /// <summary>The part of a name that people know: <c>teacher-0</c> of <c>teacher-0@machine:4711</c>.</summary>
    public static string Short(string name) => name.Split('@')[0] is { Length: > 0 } known ? known : name[1..];

    /// <summary>Composes a name that may stand in a header.</summary>
    internal static string Compose(string? attributes, string machine, int process)
    {
        var instance = attributes?.Split(',').FirstOrDefault(part => part.Trim().StartsWith(Instance, StringComparison.Ordinal))?.Trim()[Instance.Length..] ?? "";
        return string.Concat($"{instance}@{machine}:{process}".Select(letter => char.IsBetween(letter, '!', '~') ? letter : '_'));
    }
}
