using Kd.CurriculumAgent.Environment;
using Kd.CurriculumAgent.Policies;

namespace Kd.CurriculumAgent.Runs;

/// <summary>One run: its environment, its policy and its answers. Not safe for several threads; <see cref="RunStore"/> takes turns.</summary>
internal sealed class CurriculumRun
{
    private readonly CurriculumEnvironment _environment;
    private readonly ICurriculumPolicy _policy;
    private readonly List<EpochAnswer> _answers = [];
    private readonly List<EpochHistory> _history = [];
    private Decision _inForce;
    private double _progress;

    /// <param name="settings">How it was started.</param>
    /// <param name="learnt">Finds the network of a learnt policy.</param>
    public CurriculumRun(RunSettings settings, Func<PolicySpecification, ActorCritic> learnt)
    {
        Settings = settings;
        _environment = new CurriculumEnvironment(settings.Epochs, settings.InitialTemperature);
        _policy = (settings.Policy ?? new PolicySpecification(PolicyKind.Ppo)).Create((ulong)settings.Seed, settings.UpdateEvery, learnt);
        _inForce = Decide();
        First = Target();
    }

    public RunSettings Settings { get; }

    /// <summary>Target of epoch 0.</summary>
    public EpochTarget First { get; }

    /// <summary>Reported epochs.</summary>
    public int Reported => _answers.Count;

    /// <summary>Whether the last epoch was reported.</summary>
    public bool IsOver => _environment.Done || _progress >= 1;

    /// <summary>Reported epochs with what was in force.</summary>
    public IReadOnlyList<EpochHistory> History => _history;

    /// <summary>The answer to a report that was given before.</summary>
    public EpochAnswer AnswerOf(int epoch) => _answers[epoch];

    /// <summary>Takes the report of the next epoch; its reward goes to the decision that was in force during it.</summary>
    public EpochAnswer Report(EpochResult result)
    {
        if (result.IsManual)
        {
            // Not a decision of the policy: nothing is credited to it, but it sees what was in force.
            _inForce = new Decision(
                result.ManualTemperature ?? _inForce.Temperature,
                result.ManualThreshold ?? _inForce.Threshold,
                _inForce.EpochRatio,
                _inForce.PruneProbability
            );
            _environment.Apply(_inForce.Temperature, _inForce.Threshold);
        }

        var reward = _environment.Finish(result);
        _progress = result.Progress ?? (double)_environment.Finished / Settings.Epochs;
        _history.Add(new EpochHistory(result, Target()));
        if (!result.IsManual)
            _policy.Learn(_inForce, reward.Total, View());
        if (!IsOver)
            _inForce = Decide();
        var answer = new EpochAnswer(IsOver ? null : Target(), reward);
        _answers.Add(answer);
        return answer;
    }

    private RunView View() => new(_environment, _progress);

    private Decision Decide()
    {
        var decision = _policy.Decide(View());
        if (decision.Choice is { } choice)
            _environment.Apply(choice.Action);
        else
            _environment.Apply(decision.Temperature, decision.Threshold);
        return decision;
    }

    private EpochTarget Target() => new(_inForce.Temperature, _inForce.Threshold, _inForce.EpochRatio ?? Settings.EpochRatio, _inForce.PruneProbability);
}
