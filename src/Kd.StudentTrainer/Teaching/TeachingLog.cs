namespace Kd.StudentTrainer.Teaching;

/// <summary>Messages about the teacher and the agent.</summary>
internal static partial class TeachingLog
{
    [LoggerMessage(1, LogLevel.Warning, "The teacher at {Address} is away ({Reason}); the run waits and goes on when it is back")]
    public static partial void TeacherIsAway(this ILogger logger, string address, string reason);

    [LoggerMessage(2, LogLevel.Warning, "The teacher is back; the run goes on")]
    public static partial void TeacherIsBack(this ILogger logger);

    [LoggerMessage(3, LogLevel.Warning, "The curriculum agent does not answer ({Reason}); the last target holds, and the missed reports follow later")]
    public static partial void AgentIsAway(this ILogger logger, string reason);

    [LoggerMessage(4, LogLevel.Warning, "The curriculum agent is back; {Reports} reports were delivered")]
    public static partial void AgentIsBack(this ILogger logger, int reports);

    [LoggerMessage(5, LogLevel.Warning, "The curriculum agent refused the late report of epoch {Epoch} of run {RunId} ({Reason}); it is dropped")]
    public static partial void ReportRefused(this ILogger logger, string runId, int epoch, string reason);
}
