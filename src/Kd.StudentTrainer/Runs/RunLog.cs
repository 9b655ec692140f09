namespace Kd.StudentTrainer.Runs;

/// <summary>Log messages of runs; the console shows warnings only, a collector gets them all.</summary>
internal static partial class RunLog
{
    [LoggerMessage(10, LogLevel.Error, "The run failed")]
    public static partial void RunFailed(this ILogger logger, Exception error);

    [LoggerMessage(11, LogLevel.Information, "Run {RunId}: {Method}, {Epochs} epochs, student with {Parameters} parameters, folder {Folder}")]
    public static partial void RunStarted(this ILogger logger, string runId, string method, int epochs, long parameters, string folder);

    [LoggerMessage(12, LogLevel.Information, "Epoch ended: loss {Loss}, validation accuracy {Accuracy}%, {Samples} samples in {Seconds} s, {CacheHits} views from the cache, {Computed} computed")]
    public static partial void EpochEnded(this ILogger logger, double loss, double accuracy, long samples, double seconds, long cacheHits, long computed);

    [LoggerMessage(13, LogLevel.Information, "Run {RunId}: {Method} ended, {Correct} of {Images} test images right")]
    public static partial void RunEnded(this ILogger logger, string runId, string method, int correct, int images);

    /// <summary>Everything that is logged until it is disposed carries the run and its epoch, by the names that spans have.</summary>
    /// <param name="logger">Any logger of the process.</param>
    /// <param name="runId">The run.</param>
    /// <param name="method">What the student learns from.</param>
    /// <param name="epoch">From 0.</param>
    public static IDisposable? BeginEpoch(this ILogger logger, string runId, string method, int epoch) =>
        logger.BeginScope(new Dictionary<string, object> { ["kd.run.id"] = runId, ["kd.run.method"] = method, ["kd.run.epoch"] = epoch });
}
