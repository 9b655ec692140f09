namespace Kd.CurriculumAgent.Policies;

/// <summary>Standardizes rewards by the mean and deviation of those so far, so that a critic that starts at 0 is right on average.</summary>
internal sealed class RewardScale
{
    private int _count;
    private double _mean,
        _squares;

    /// <summary>Adds a reward and standardizes it: 0 for the first one, within -5 and 5.</summary>
    /// <remarks>Source of the running moments: Welford 1962, "Note on a Method for Calculating Corrected Sums of Squares and Products".</remarks>
    public double Standardize(double reward)
    {
        var before = _mean;
        _mean += (reward - before) / ++_count;
        _squares += (reward - before) * (reward - _mean);
        return _squares == 0 ? 0 : Math.Clamp((reward - _mean) / Math.Sqrt(_squares / (_count - 1)), -5, 5);
    }
}
