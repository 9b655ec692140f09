#if KD_TRAINER
using Kd.Training.Artifacts;

namespace Kd.Tests;

/// <summary>Creates what finished runs leave behind.</summary>
internal static class FinishedRuns
{
    /// <summary>Metrics of an epoch of 100 samples.</summary>
    public static EpochMetrics Epoch(int epoch, double accuracy) =>
        new()
        {
            Epoch = epoch,
            Loss = 3.0 / (epoch + 1),
            ValidationAccuracy = accuracy,
            Samples = 100,
            Seconds = 0.5,
            ImagesPerSecond = 200,
            WaitSeconds = 0,
            CacheHits = 75,
            TeacherComputed = 25,
        };

    /// <summary>Result of a run with 100 test images.</summary>
    public static RunResult Result(string method, int correct, long seed) =>
        new()
        {
            Method = method,
            Correct = correct,
            TestImages = 100,
            SamplesSeen = 2000,
            TeacherComputed = 100,
            CacheHits = 300,
            Seconds = 10,
            LastCorrect = method == "teacher" ? null : correct,
            Seed = seed,
        };
}
#endif
