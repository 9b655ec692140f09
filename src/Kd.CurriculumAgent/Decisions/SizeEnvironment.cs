namespace Kd.CurriculumAgent.Decisions;

/// <summary>
/// A run whose decisions set the size of the student's input for a window of updates. The reward is the fall of the loss on a probe, measured at full size,
/// per unit of compute.
/// </summary>
/// <param name="windows">Expected number of windows of the run.</param>
/// <param name="temperature">Softmax temperature, which no decision changes.</param>
/// <param name="sizes">Sizes to decide about, as shares of the view's, ascending to 1.</param>
internal sealed class SizeEnvironment(int windows, double temperature, IReadOnlyList<double> sizes) : IRunEnvironment
{
    public const int StateSize = 4;
    private readonly double[] _costs = [.. sizes.Select(size => size * size)];
    private int _choice = sizes.Count - 1;
    private double _progress;
    private ProbeResult? _first,
        _last;

    public IReadOnlyList<int> Choices { get; } = [sizes.Count];

    /// <summary>The cost of the last window with that size in relation to one at full size; before one, the share of the pixels.</summary>
    public double CostOf(int[] action) => _costs[action[0]];

    public double Temperature => temperature;

    public bool Done => Finished >= windows;

    public int Finished { get; private set; }

    /// <summary>Computes the state (4 values): progress; share of the first probe loss that is left; fall of its logarithm in the last window; size.</summary>
    public double[] State() => [_progress, _last is { } last ? last.LossAfter / _first!.LossBefore : 1, _last?.Fall ?? 0, sizes[_choice]];

    public Decision Decide(Choice choice) => new(temperature, 1) { Choice = choice, Size = sizes[choice.Action[0]] };

    public void Apply(Decision decision) => _choice = decision.Choice?.Action[0] ?? _choice;

    public RewardTerms Finish(EpochResult result)
    {
        Finished++;
        _progress = result.Progress ?? (double)Finished / windows;
        if (result.Probe is not { } probe)
            throw new ArgumentException("The report of a run with sizes lacks the probe.", nameof(result));
        _costs[_choice] = probe.Cost / probe.Updates;
        _first ??= probe;
        _last = probe;
        return RewardTerms.OfProbe(probe);
    }
}
