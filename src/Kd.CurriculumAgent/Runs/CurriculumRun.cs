using Kd.CurriculumAgent.Environment;
using Kd.CurriculumAgent.Policies;

namespace Kd.CurriculumAgent.Runs;

/// <summary>One run: its environment, its policy and its answers. Not safe for several threads; <see cref="RunStore"/> takes turns.</summary>
internal sealed class CurriculumRun
{
    private readonly CurriculumEnvironment _environment;
    private readonly PpoPolicy _policy;
    private readonly List<EpochAnswer> _answers = [];
    private Choice _inForce;

    public CurriculumRun(RunSettings settings)
    {
        Settings = settings;
        _environment = new CurriculumEnvironment(settings.Epochs, settings.InitialTemperature);
        _policy = new PpoPolicy((ulong)settings.Seed, settings.UpdateEvery);
        _inForce = Choose();
        First = Target();
    }

    public RunSettings Settings { get; }

    /// <summary>Target of epoch 0.</summary>
    public EpochTarget First { get; }

    /// <summary>Reported epochs.</summary>
    public int Reported => _answers.Count;

    /// <summary>The answer to a report that was given before.</summary>
    public EpochAnswer AnswerOf(int epoch) => _answers[epoch];

    /// <summary>Takes the report of the next epoch; its reward goes to the action that was in force during it.</summary>
    public EpochAnswer Report(EpochResult result)
    {
        var reward = _environment.Finish(result);
        _policy.Learn(_inForce, reward.Total, _environment.State(), _environment.Done);
        if (!_environment.Done)
            _inForce = Choose();
        var answer = new EpochAnswer(_environment.Done ? null : Target(), reward);
        _answers.Add(answer);
        return answer;
    }

    private Choice Choose()
    {
        var choice = _policy.Choose(_environment.State());
        _environment.Apply(choice.Action);
        return choice;
    }

    private EpochTarget Target() => new(_environment.Temperature, _environment.Threshold);
}
