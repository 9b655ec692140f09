using System.ComponentModel.DataAnnotations;

namespace Kd.Settings;

/// <summary>Options of the trainer's connection to the teacher: the section <c>TeacherClient</c>.</summary>
public sealed class TeacherClientOptions
{
    public const string Section = "TeacherClient";

    [Setting("http://HOST:PORT (several separated by ';') or a discovery name. The AppHost sets it.", MayChange = true)]
    [Required]
    public string Address { get; set; } = "http://_grpc.teacher";

    [Setting("Minimum number of connections; with several for each replica, all replicas behind one address get calls. The AppHost sets it.", MayChange = true)]
    [Range(1, 256)]
    public int Connections { get; set; } = 8;

    [Setting("Views in one call.", MayChange = true)]
    [Range(1, 4096)]
    public int CallSize { get; set; } = 128;

    [Setting("Deadline of one call.", MayChange = true)]
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(5);
}

/// <summary>Options of the trainer's connection to the curriculum agent: the section <c>AgentClient</c>.</summary>
public sealed class AgentClientOptions
{
    public const string Section = "AgentClient";

    [Setting("http://HOST:PORT or a discovery name. The AppHost sets it.", MayChange = true)]
    [Required]
    public string Address { get; set; } = "http://_grpc.agent";
}
