using System.ComponentModel.DataAnnotations;

namespace Kd.StudentTrainer.Teaching;

/// <summary>How the teacher service is reached: the section <c>TeacherClient</c>.</summary>
internal sealed class TeacherClientOptions
{
    public const string Section = "TeacherClient";

    /// <summary>http://HOST:PORT (several separated by ';') or a discovery name. Default http://_grpc.teacher.</summary>
    [Required]
    public string Address { get; set; } = "http://_grpc.teacher";

    /// <summary>Connections at the least; replicas behind one address all get calls when there are several for each. Default 8; allowed 1 to 256.</summary>
    [Range(1, 256)]
    public int Connections { get; set; } = 8;

    /// <summary>Views in one call. Default 128; allowed 1 to 4096.</summary>
    [Range(1, 4096)]
    public int CallSize { get; set; } = 128;

    /// <summary>Deadline of one call. Default 00:05:00; allowed 1 second to 1 hour.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(5);
}

/// <summary>How the curriculum agent is reached: the section <c>AgentClient</c>.</summary>
internal sealed class AgentClientOptions
{
    public const string Section = "AgentClient";

    /// <summary>http://HOST:PORT or a discovery name. Default http://_grpc.agent.</summary>
    [Required]
    public string Address { get; set; } = "http://_grpc.agent";
}
