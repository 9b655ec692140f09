namespace Kd.Training.Students;

/// <summary>Computes the learning rate: a linear warm-up, then a half cosine from the first to the final rate.</summary>
internal static class CosineSchedule
{
    private const double WarmupStart = 0.01;

    /// <summary>Computes final + (first - final) (1 + cos(pi * progress)) / 2, after a warm-up from first / 100.</summary>
    /// <remarks>
    /// Sources: Loshchilov and Hutter 2017, "SGDR", equation 5, without restarts; Goyal et al. 2017, "Accurate, Large Minibatch SGD", section 2.2.
    /// </remarks>
    /// <param name="first">Learning rate at the end of the warm-up.</param>
    /// <param name="final">Learning rate at the end of the run.</param>
    /// <param name="epochs">Epochs done, with fraction.</param>
    /// <param name="all">Epochs of the run.</param>
    /// <param name="warmup">Epochs of the warm-up, fewer than those of the run.</param>
    public static double At(double first, double final, double epochs, double all, double warmup = 0)
    {
        if (epochs < warmup)
            return first * (WarmupStart + (1 - WarmupStart) * epochs / warmup);
        return final + (first - final) * (1 + Math.Cos(Math.PI * (epochs - warmup) / (all - warmup))) / 2;
    }
}
