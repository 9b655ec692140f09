using Kd.Settings;

namespace Kd.Training.Students;

/// <summary>Computes the learning rate: a linear warm-up, then a fall to the final rate along a half cosine or a line.</summary>
internal static class LearningRateSchedule
{
    private const double WarmupStart = 0.01;

    /// <summary>
    /// Computes first * (0.01 + 0.99 p / w) during the warm-up; after it, with q = (p - w) / (1 - w), final + (first - final) (1 + cos(pi q)) / 2 (cosine)
    /// or final + (first - final) (1 - q) (one-cycle).
    /// </summary>
    /// <remarks>
    /// Sources: Loshchilov and Hutter 2017, "SGDR", equation 5, without restarts; Goyal et al. 2017, "Accurate, Large Minibatch SGD", section 2.2; Smith and
    /// Topin 2018, "Super-Convergence" (one-cycle).
    /// </remarks>
    /// <param name="training">Rates, shape and warm-up.</param>
    /// <param name="progress">p, the share of the run's updates that are done, 0 to 1.</param>
    public static double At(TrainingOptions training, double progress)
    {
        var (first, final) = (training.LearningRate, training.FinalLearningRate);
        var isCycle = training.Schedule == TrainingOptions.OneCycle;
        var warmup = isCycle ? training.WarmupShare : training.WarmupEpochs / training.Epochs;
        if (progress < warmup)
            return first * (WarmupStart + (1 - WarmupStart) * progress / warmup);
        var fall = (progress - warmup) / (1 - warmup);
        return final + (first - final) * (isCycle ? 1 - fall : (1 + Math.Cos(Math.PI * fall)) / 2);
    }
}
