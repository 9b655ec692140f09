namespace Kd.TeacherService.Batching;

/// <summary>Log messages of the batching.</summary>
internal static partial class BatchingLog
{
    [LoggerMessage(30, LogLevel.Error, "A forward pass of {Views} views of {Size} px failed; the requests that wait for it fail")]
    public static partial void PassFailed(this ILogger logger, int views, int size, Exception error);
}
