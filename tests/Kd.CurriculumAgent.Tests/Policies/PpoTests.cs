using System.Text.Json;
using Kd.CurriculumAgent.Policies;
using Kd.Tests;

namespace Kd.CurriculumAgent.Tests.Policies;

public sealed class PpoTests
{
    private readonly JsonElement _numbers = TestFiles.Json("ppo_update.json");

    [Fact]
    public void Evaluate_FormulaWeights_GivesPyTorchLogProbabilitiesAndValue()
    {
        var network = FormulaNetwork();
        foreach (var item in _numbers.GetProperty("buffer").EnumerateArray())
        {
            var (evaluation, action) = (network.Evaluate(Doubles(item.GetProperty("state"))), Action(item));
            Assert.Equal(item.GetProperty("value").GetDouble(), evaluation.Value, 1e-5);
            Assert.Equal(item.GetProperty("log_prob")[0].GetDouble(), evaluation.LogProbabilities[0][action[0]], 1e-5);
            Assert.Equal(item.GetProperty("log_prob")[1].GetDouble(), evaluation.LogProbabilities[1][action[1]], 1e-5);
        }

        Assert.Equal(_numbers.GetProperty("next_value").GetDouble(), network.Evaluate(Doubles(_numbers.GetProperty("next_state"))).Value, 1e-5);
    }

    [Fact]
    public void Compute_TwelveTransitionsWithAnEpisodeEnd_GivesPyTorchAdvantages()
    {
        var advantages = GeneralizedAdvantage.Compute(Transitions(), _numbers.GetProperty("next_value").GetDouble(), 0.99, 0.95);

        AssertNear(Doubles(_numbers.GetProperty("advantages")), advantages);
    }

    [Fact]
    public void Update_FourEpochs_GivesPyTorchWeightsAndLosses()
    {
        var network = FormulaNetwork();

        var losses = new PpoLearner(network, new PpoSettings()).Update(Transitions(), _numbers.GetProperty("next_value").GetDouble());

        var stats = _numbers.GetProperty("stats");
        Assert.Equal(stats.GetProperty("policy_loss").GetDouble(), losses.Policy, 1e-5);
        Assert.Equal(stats.GetProperty("value_loss").GetDouble(), losses.Value, 1e-5);
        Assert.Equal(stats.GetProperty("total_loss").GetDouble(), losses.Total, 1e-5);
        var tensors = network.Layers.SelectMany(layer => new[] { layer.Weight, layer.Bias }).ToArray();
        foreach (var (index, name) in _numbers.GetProperty("parameter_order").EnumerateArray().Index())
        {
            var expected = _numbers.GetProperty("after").GetProperty(name.GetString()!);
            AssertNear(Doubles(expected.GetProperty("first5")), tensors[index][..expected.GetProperty("first5").GetArrayLength()]);
            Assert.Equal(expected.GetProperty("sum").GetDouble(), tensors[index].Sum(), 1e-3);
            Assert.Equal(expected.GetProperty("abs_sum").GetDouble(), tensors[index].Sum(Math.Abs), 1e-3);
        }
    }

    [Fact]
    public void Learn_RewardForOneAction_MakesItLikelier()
    {
        var policy = new PpoPolicy(seed: 3, updateEvery: 16, ActorCritic.CreateRandom(8, [3, 5], 3));
        double[] state = [0.5, 0, 0.5, 0, 0.2, 0.3, 0.5, 0.5];
        double Share(int draws) => Enumerable.Range(0, draws).Count(_ => policy.Choose(state).Action[1] == 4) / (double)draws;
        var before = Share(300);

        for (var i = 0; i < 1600; i++)
        {
            var choice = policy.Choose(state);
            policy.Learn(choice, choice.Action[1] == 4 ? 1 : 0, state, done: true);
        }

        Assert.InRange(before, 0.1, 0.3);
        Assert.InRange(Share(300), 0.5, 1);
    }

    private static ActorCritic FormulaNetwork()
    {
        var k = 0;
        return ActorCritic.Create(
            8,
            [3, 5],
            layer =>
            {
                Fill(layer.Weight, ++k, 0.1);
                Fill(layer.Bias, ++k, 0.05);
            }
        );

        static void Fill(double[] values, int k, double scale)
        {
            for (var i = 0; i < values.Length; i++)
                values[i] = Math.Sin(0.37 * i + k) * scale;
        }
    }

    private List<Transition> Transitions() =>
        [
            .. _numbers
                .GetProperty("buffer")
                .EnumerateArray()
                .Select(item => new Transition(
                    Doubles(item.GetProperty("state")),
                    Action(item),
                    Doubles(item.GetProperty("log_prob")).Sum(),
                    item.GetProperty("value").GetDouble(),
                    item.GetProperty("reward").GetDouble(),
                    item.GetProperty("done").GetBoolean()
                )),
        ];

    private static int[] Action(JsonElement item) => [item.GetProperty("action")[0].GetInt32(), item.GetProperty("action")[1].GetInt32()];

    private static double[] Doubles(JsonElement array) => [.. array.EnumerateArray().Select(value => value.GetDouble())];

    private static void AssertNear(double[] expected, double[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
    }
}
