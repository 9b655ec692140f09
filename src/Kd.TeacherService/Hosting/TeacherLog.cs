namespace Kd.TeacherService.Hosting;

/// <summary>Log messages of the service.</summary>
internal static partial class TeacherLog
{
    [LoggerMessage(
        1,
        LogLevel.Information,
        "Serving {Architecture} ({Parameters} parameters) with weights from {Weights} on {Device}, {Classes} of {NetworkClasses} classes, "
            + "teacher id {TeacherId}"
    )]
    public static partial void Serving(
        this ILogger logger,
        string architecture,
        long parameters,
        string weights,
        string device,
        int classes,
        int networkClasses,
        string teacherId
    );

    [LoggerMessage(2, LogLevel.Warning, "The weights are random: this teacher is only suitable for timing")]
    public static partial void RandomWeights(this ILogger logger);

    [LoggerMessage(
        3,
        LogLevel.Debug,
        "Self-check passed: in {Precision} the logits differ from the plain network's by at most {Difference} standard deviations"
    )]
    public static partial void SelfCheckPassed(this ILogger logger, string precision, double difference);

    [LoggerMessage(
        5,
        LogLevel.Warning,
        "The weights file does not say how pixels are normalized: ImageNet's mean and deviation are used. If it was trained with others, as timm's ViT with "
            + "0.5, set Teacher:Mean and Teacher:StandardDeviation"
    )]
    public static partial void ImageNetNormalization(this ILogger logger);

    [LoggerMessage(4, LogLevel.Critical, "{Problem} This process ends; a new one may serve again")]
    public static partial void CannotServe(this ILogger logger, string problem);

    [LoggerMessage(6, LogLevel.Warning, "The forward pass in progress, {PassTime} old, did not end within the shutdown timeout")]
    public static partial void PassNotEnded(this ILogger logger, TimeSpan passTime);
}
