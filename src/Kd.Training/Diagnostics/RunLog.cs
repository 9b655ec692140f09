namespace Kd.Training.Diagnostics;

/// <summary>Log messages about runs. The console shows only warnings and errors; telemetry exports all of them.</summary>
internal static partial class RunLog
{
    [LoggerMessage(10, LogLevel.Error, "The run failed")]
    public static partial void RunFailed(this ILogger logger, Exception error);

    [LoggerMessage(11, LogLevel.Information, "Run {RunId}: {Method}, {Epochs} epochs, student with {Parameters} parameters, folder {Folder}")]
    public static partial void RunStarted(this ILogger logger, string runId, string method, int epochs, long parameters, string folder);

    [LoggerMessage(
        12,
        LogLevel.Information,
        "Epoch ended: loss {Loss:F3}, validation accuracy {Accuracy:F2}%, {Samples} samples in {Seconds:F1} s, "
            + "{CacheHits} views from the cache, {Computed} computed"
    )]
    public static partial void EpochEnded(this ILogger logger, double loss, double accuracy, long samples, double seconds, long cacheHits, long computed);

    [LoggerMessage(13, LogLevel.Information, "Run {RunId}: {Method} ended, {Correct} of {Images} test images correct")]
    public static partial void RunEnded(this ILogger logger, string runId, string method, int correct, int images);

    [LoggerMessage(14, LogLevel.Information, "Study {RunId} started: {Kind}, {Seeds} seeds, folder {Folder}")]
    public static partial void StudyStarted(this ILogger logger, string runId, string kind, int seeds, string folder);

    [LoggerMessage(15, LogLevel.Information, "Study {RunId} ended")]
    public static partial void StudyEnded(this ILogger logger, string runId);

    /// <summary>Adds the run to all log messages until the result is disposed, under the same attribute names as in spans.</summary>
    /// <param name="logger">Any logger of the process.</param>
    /// <param name="runId">Id of the run or study.</param>
    /// <param name="method">Method of the run; null for a whole study.</param>
    public static IDisposable? BeginRun(this ILogger logger, string runId, string? method = null)
    {
        var scope = new Dictionary<string, object> { [TrainingTelemetry.RunId] = runId };
        if (method is not null)
            scope[TrainingTelemetry.RunMethod] = method;
        return logger.BeginScope(scope);
    }

    /// <summary>Adds the epoch to all log messages until the result is disposed.</summary>
    /// <param name="logger">Any logger of the process.</param>
    /// <param name="epoch">Index of the epoch, from 0.</param>
    public static IDisposable? BeginEpoch(this ILogger logger, int epoch) =>
        logger.BeginScope(new Dictionary<string, object> { [TrainingTelemetry.RunEpoch] = epoch });
}
