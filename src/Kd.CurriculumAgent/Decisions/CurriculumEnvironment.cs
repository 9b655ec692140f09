namespace Kd.CurriculumAgent.Decisions;

/// <summary>The training run as an environment for the policy: an action sets the epoch's targets, the epoch's result gives reward and next state.</summary>
/// <remarks>Source of state, actions and reward: docs/architecture.md, "Curriculum".</remarks>
internal sealed class CurriculumEnvironment : IRunEnvironment
{
    public const int StateSize = 8;
    private const double LowestTemperature = 2,
        HighestTemperature = 8;
    private const int Window = 3;

    private readonly int _epochs;
    private readonly List<EpochResult> _results = [];

    /// <param name="epochs">Number of epochs of the run.</param>
    /// <param name="temperature">Temperature before the first action, 2 to 8.</param>
    public CurriculumEnvironment(int epochs, double temperature = 4)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(epochs, 1);
        (_epochs, Temperature) = (epochs, temperature);
    }

    /// <summary>Current softmax temperature.</summary>
    public double Temperature { get; private set; }

    /// <summary>Current difficulty threshold, 0 to 1.</summary>
    public double Threshold { get; private set; }

    /// <summary>Number of finished epochs.</summary>
    public int Finished => _results.Count;

    /// <summary>Whether all epochs are finished.</summary>
    public bool Done => Finished >= _epochs;

    /// <summary>Parts of an action: the temperature changes by -0.5, 0 or +0.5; the threshold becomes 0, 0.25, 0.5, 0.75 or 1.</summary>
    public static IReadOnlyList<int> Actions { get; } = [3, 5];

    public IReadOnlyList<int> Choices => Actions;

    // All epochs visit the same number of samples.
    public double CostOf(int[] action) => 1;

    public Decision Decide(Choice choice) =>
        new(Math.Clamp(Temperature + 0.5 * (choice.Action[0] - 1), LowestTemperature, HighestTemperature), 0.25 * choice.Action[1]) { Choice = choice };

    public void Apply(Decision decision) => (Temperature, Threshold) = (decision.Temperature, decision.Threshold);

    /// <summary>Records the result of the epoch that ran under the current action.</summary>
    /// <returns>The reward of that action.</returns>
    public RewardTerms Finish(EpochResult result)
    {
        EpochResult? previous = _results.Count > 0 ? _results[^1] : null;
        _results.Add(result);
        return RewardTerms.Compute(previous, result, Finished, _epochs);
    }

    /// <summary>
    /// Computes the state (8 values): e/E; mean step of the last 3 accuracies; a/100; mean step of the last 3 losses; min(l, 10)/10 (1 before any);
    /// (T-2)/6; mean of all difficulties (0.5 before any); threshold.
    /// </summary>
    public double[] State()
    {
        var last = _results.Count > 0 ? _results[^1] : default;
        return
        [
            (double)Finished / _epochs,
            MeanStep(result => result.Accuracy),
            last.Accuracy / 100,
            MeanStep(result => result.Loss),
            _results.Count > 0 ? Math.Min(last.Loss, 10) / 10 : 1,
            (Temperature - LowestTemperature) / (HighestTemperature - LowestTemperature),
            _results.Count > 0 ? _results.Average(result => result.Difficulty) : 0.5,
            Threshold,
        ];
    }

    private double MeanStep(Func<EpochResult, double> value) => _results.Count < Window ? 0 : (value(_results[^1]) - value(_results[^Window])) / (Window - 1);
}
