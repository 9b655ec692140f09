using Kd.CurriculumAgent.Decisions;

namespace Kd.CurriculumAgent.Tests.Decisions;

public sealed class SizeEnvironmentTests
{
    // ln(10 / 5) = 0.693 in 20 updates is 3.466 in 100.
    [Fact]
    public void Finish_LossHalved_RewardsItsFallPerCompute()
    {
        var environment = new SizeEnvironment(10, temperature: 4, [0.5, 1]);
        environment.Apply(environment.Decide(new Choice([], [0])));

        var reward = environment.Finish(new EpochResult(0, 2, 0.4, Progress: 0.3) { Probe = new ProbeResult(10, 5, 40, 20) });

        Assert.Equal(3.4657, reward.Total, 1e-4);
        Assert.Equal([0.3, 0.5, Math.Log(2), 0.5], environment.State());
        Assert.Equal((0.5, 1), (environment.CostOf([0]), environment.CostOf([1])));
    }

    [Fact]
    public void State_BeforeAnyWindow_IsAtFullSize() => Assert.Equal([0, 1, 0, 1], new SizeEnvironment(10, 4, [0.5, 1]).State());

    [Fact]
    public void Finish_WithoutProbe_NamesWhatIsMissing() =>
        Assert.Contains(
            "lacks the probe",
            Assert.Throws<ArgumentException>(() => new SizeEnvironment(10, 4, [0.5, 1]).Finish(new EpochResult(0, 2, 0.4))).Message
        );
}
