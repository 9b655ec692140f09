namespace Kd.Training.Teaching;

/// <summary>Log messages about the teacher and the agent.</summary>
internal static partial class TeachingLog
{
    [LoggerMessage(1, LogLevel.Warning, "The teacher at {Address} is unavailable ({Reason}); the run waits until it is available again")]
    public static partial void TeacherIsAway(this ILogger logger, string address, string reason);

    [LoggerMessage(2, LogLevel.Warning, "The teacher at {Address} is available again; the run continues")]
    public static partial void TeacherIsBack(this ILogger logger, string address);

    [LoggerMessage(3, LogLevel.Warning, "The curriculum agent at {Address} is unavailable ({Reason}); the run waits until it is available again")]
    public static partial void AgentIsAway(this ILogger logger, string address, string reason);

    [LoggerMessage(4, LogLevel.Warning, "The curriculum agent is available again; the run continues")]
    public static partial void AgentIsBack(this ILogger logger);

    [LoggerMessage(5, LogLevel.Warning, "The teacher at {Address} has not answered for {Seconds} s; the run goes on without it until it is available again")]
    public static partial void GoesOnWithoutTeacher(this ILogger logger, string address, double seconds);
}
