using Kd.CurriculumAgent.Decisions;
using Kd.Tests;

namespace Kd.CurriculumAgent.Tests.Decisions;

public sealed class CurriculumEnvironmentTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Finish_RecordedEpisode_GivesReferenceRewardsAndStates(int episode)
    {
        var expected = TestFiles.Json("curriculum_env.json")[episode];
        var environment = new CurriculumEnvironment(expected.GetProperty("num_epochs").GetInt32());
        foreach (var step in expected.GetProperty("steps").EnumerateArray())
        {
            double Number(string name) => step.GetProperty(name).GetDouble();
            var action = step.GetProperty("action");
            environment.Apply(environment.Decide(new Choice([], [action[0].GetInt32(), action[1].GetInt32()])));

            var reward = environment.Finish(new EpochResult(Number("val_acc"), Number("loss"), Number("difficulty")));

            Assert.Equal(Number("reward"), reward.Total, 1e-5);
            Assert.Equal(Number("temperature"), environment.Temperature, 1e-9);
            Assert.Equal(Number("threshold"), environment.Threshold, 1e-9);
            Assert.Equal(step.GetProperty("done").GetBoolean(), environment.Done);
            foreach (var (index, value) in environment.State().Index())
                Assert.Equal(step.GetProperty("next_state")[index].GetDouble(), value, 1e-5);
        }
    }

    [Fact]
    public void State_BeforeAnyEpoch_HasTheStatedDefaults() => Assert.Equal([0, 0, 0, 0, 1, 1.0 / 3, 0.5, 0], new CurriculumEnvironment(10).State());

    [Fact]
    public void Compute_EarlySuccess_CountsTheFinishedEpoch()
    {
        var previous = new EpochResult(50, 1, 0.5);
        var current = new EpochResult(75, 3, 0.5);

        var reward = RewardTerms.Compute(previous, current, finished: 2, epochs: 10);

        Assert.Equal(new RewardTerms(50, -5, 2, 0.5), reward);
        Assert.Equal(0, RewardTerms.Compute(previous, current, finished: 3, epochs: 10).Early);
    }
}
