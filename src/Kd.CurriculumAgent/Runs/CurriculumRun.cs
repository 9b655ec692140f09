using System.Globalization;
using Kd.CurriculumAgent.Decisions;
using Kd.CurriculumAgent.Policies;

namespace Kd.CurriculumAgent.Runs;

/// <summary>A run with its environment, policy and answers. Not thread-safe; <see cref="RunStore"/> locks.</summary>
internal sealed class CurriculumRun
{
    private readonly IRunEnvironment _environment;
    private readonly ICurriculumPolicy _policy;
    private readonly List<EpochAnswer> _answers = [];
    private Decision _decision;
    private double _progress;

    /// <param name="settings">Settings of the run.</param>
    public CurriculumRun(RunSettings settings)
    {
        Settings = settings;
        var policy = settings.Policy ?? new PolicySpecification { Kind = PolicyKind.Ppo };
        var sizes = settings.Sizes?.Split(',').Select(size => double.Parse(size, CultureInfo.InvariantCulture)).ToArray();
        (_environment, _policy) = sizes is null
            ? (
                (IRunEnvironment)new CurriculumEnvironment(settings.Epochs, settings.InitialTemperature),
                PolicyFactory.Create(policy, (ulong)settings.Seed, settings.UpdateEvery)
            )
            : (
                new SizeEnvironment(settings.Epochs, settings.InitialTemperature, sizes),
                PolicyFactory.CreateForSizes(policy.Kind, (ulong)settings.Seed, sizes.Length)
            );
        _decision = Decide();
        First = Target();
    }

    public RunSettings Settings { get; }

    /// <summary>Targets of epoch 0.</summary>
    public EpochTarget First { get; }

    /// <summary>Number of reported epochs.</summary>
    public int Reported => _answers.Count;

    /// <summary>Whether the last epoch has been reported.</summary>
    public bool IsOver => _environment.Done || _progress >= 1;

    /// <summary>Returns the answer to an earlier report.</summary>
    public EpochAnswer GetAnswer(int epoch) => _answers[epoch];

    /// <summary>Records the report of the next epoch; its reward is credited to the decision that the epoch ran under.</summary>
    public EpochAnswer Report(EpochResult result)
    {
        if (result.IsManual)
        {
            // The policy did not decide this epoch and gets no reward for it, but later states include the values that were used.
            _decision = new Decision(
                result.ManualTemperature ?? _decision.Temperature,
                result.ManualThreshold ?? _decision.Threshold,
                _decision.EpochRatio,
                _decision.PruneProbability
            )
            {
                Size = _decision.Size,
            };
            _environment.Apply(_decision);
        }

        var reward = _environment.Finish(result);
        _progress = result.Progress ?? (double)_environment.Finished / Settings.Epochs;
        if (!result.IsManual)
            _policy.Learn(_decision, reward.Total, View());
        if (!IsOver)
            _decision = Decide();
        var answer = new EpochAnswer(IsOver ? null : Target(), reward);
        _answers.Add(answer);
        return answer;
    }

    private RunView View() => new(_environment, _progress);

    private Decision Decide()
    {
        var decision = _policy.Decide(View());
        _environment.Apply(decision);
        return decision;
    }

    private EpochTarget Target() =>
        new(_decision.Temperature, _decision.Threshold, _decision.EpochRatio ?? Settings.EpochRatio, _decision.PruneProbability, _decision.Size);
}
