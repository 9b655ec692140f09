namespace Kd.StudentTrainer.Training;

/// <summary>Step size along a half cosine, from the first to the final one.</summary>
internal static class CosineSchedule
{
    /// <summary>final + (first - final) (1 + cos(pi * progress)) / 2.</summary>
    /// <remarks>Source: Loshchilov and Hutter 2017, "SGDR", equation 5, without restarts.</remarks>
    /// <param name="first">Step size at progress 0.</param>
    /// <param name="final">Step size at progress 1.</param>
    /// <param name="progress">Share of the run that is done, 0 to 1.</param>
    public static double At(double first, double final, double progress) => final + (first - final) * (1 + Math.Cos(Math.PI * progress)) / 2;
}
