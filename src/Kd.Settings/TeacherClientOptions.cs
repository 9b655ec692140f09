using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace Kd.Settings;

/// <summary>Options of the trainer's connection to the teacher: the section <c>TeacherClient</c>.</summary>
public sealed class TeacherClientOptions
{
    public const string Section = "TeacherClient";

    [Setting(
        "http://HOST:PORT, dns:///NAME:PORT (all addresses of the name) or file:///PATH (one address per line), several separated by ';', or a discovery name; "
            + "those of several teachers separated by '|'. Names and files are read again every 2 s. The AppHost sets it.",
        MayChange = true
    )]
    [Required]
    public string Address { get; set; } = "http://_grpc.teacher";

    /// <summary>Address of each teacher.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> Addresses => Address.Split('|', StringSplitOptions.TrimEntries);

    [Setting("Minimum number of connections; with several for each replica, all replicas behind one address get calls. The AppHost sets it.", MayChange = true)]
    [Range(1, 256)]
    public int Connections { get; set; } = 8;

    [Setting("Views in one call.", MayChange = true)]
    [Range(1, 4096)]
    public int CallSize { get; set; } = 128;

    [Setting("Deadline of one call.", MayChange = true)]
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(5);

    [Setting(
        "If one of several teachers is unavailable: Wait for it, which gives the same weights as if it had been available; or GoOn with the mean of the "
            + "others, which is not reproducible.",
        MayChange = true
    )]
    [EnumDataType(typeof(WhenTeacherIsAway))]
    public WhenTeacherIsAway WhenAway { get; set; }

    [Setting("GoOn: time for which a teacher's calls fail until the run goes on without it.", MayChange = true)]
    [Range(typeof(TimeSpan), "00:00:00.1", "1.00:00:00")]
    public TimeSpan AwayAfter { get; set; } = TimeSpan.FromSeconds(10);
}

/// <summary>What a run does while one of several teachers is unavailable.</summary>
public enum WhenTeacherIsAway
{
    /// <summary>It waits.</summary>
    Wait,

    /// <summary>It learns from the others.</summary>
    GoOn,
}

/// <summary>Options of the trainer's connection to the curriculum agent: the section <c>AgentClient</c>.</summary>
public sealed class AgentClientOptions
{
    public const string Section = "AgentClient";

    [Setting("http://HOST:PORT or a discovery name. The AppHost sets it.", MayChange = true)]
    [Required]
    public string Address { get; set; } = "http://_grpc.agent";
}
