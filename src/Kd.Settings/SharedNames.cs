namespace Kd.Settings;

/// <summary>Names that the AppHost and its services must agree on.</summary>
public static class SharedNames
{
    /// <summary>Setting of the device, which has no section.</summary>
    public const string Device = "Device";

    /// <summary>Setting of the gRPC port.</summary>
    public const string GrpcPort = "Endpoints:GrpcPort";

    /// <summary>Setting of the port that serves gRPC health without TLS.</summary>
    public const string ProbePort = "Endpoints:ProbePort";

    /// <summary>Setting of the key that the services share.</summary>
    public const string ServiceKey = "Service:Key";

    /// <summary>Setting of the address of the teacher.</summary>
    public const string TeacherAddress = "TeacherClient:Address";

    /// <summary>Setting of the address of the agent.</summary>
    public const string AgentAddress = "AgentClient:Address";

    /// <summary>Setting that identifies the start of the AppHost.</summary>
    public const string HostStart = "Host:Start";

    /// <summary>Setting of the cores that the AppHost leaves to the teacher beside training.</summary>
    public const string TeacherCores = "Host:TeacherCores";

    /// <summary>Name of the connection string of the cache.</summary>
    public const string CacheConnection = "cache";

    /// <summary>Name of the teacher's resource.</summary>
    public const string Teacher = "teacher";

    /// <summary>Name of the curriculum agent's resource.</summary>
    public const string Agent = "agent";

    /// <summary>Name of the student trainer's resource.</summary>
    public const string Trainer = "trainer";

    /// <summary>Name of the resource of the processes that take runs of the trainer's studies.</summary>
    public const string Worker = "worker";

    /// <summary>File of the resolved settings in the folder of a run.</summary>
    public const string RunConfiguration = "config.json";

    /// <summary>File of the result in the folder of a run that has ended.</summary>
    public const string RunResult = "result.json";

    /// <summary>File of the weights in the folder of a run, those of the epoch with the best validation accuracy.</summary>
    public const string StudentWeights = "student.safetensors";

    /// <summary>Converts the name of a setting to that of its environment variable.</summary>
    public static string ToVariable(string setting) => setting.Replace(":", "__", StringComparison.Ordinal);
}
