namespace Kd.CurriculumAgent.Runs;

/// <summary>Log messages of the agent.</summary>
internal static partial class AgentLog
{
    [LoggerMessage(1, LogLevel.Information, "Run {RunId} started, {Epochs} epochs")]
    public static partial void RunStarted(this ILogger logger, string runId, int epochs);

    [LoggerMessage(2, LogLevel.Information, "Run {RunId} restored from its journal, {Reported} epochs reported")]
    public static partial void RunRestored(this ILogger logger, string runId, int reported);

    [LoggerMessage(
        3,
        LogLevel.Information,
        "Run {RunId} epoch {Epoch}: accuracy {Accuracy:F2}, reward {Reward:F2}, next temperature {Temperature}, threshold {Threshold}"
    )]
    public static partial void EpochReported(
        this ILogger logger,
        string runId,
        int epoch,
        double accuracy,
        double reward,
        double temperature,
        double threshold
    );
}
