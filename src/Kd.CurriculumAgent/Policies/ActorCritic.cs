using Kd.Core.Randomness;
using Kd.CurriculumAgent.Decisions;

namespace Kd.CurriculumAgent.Policies;

/// <summary>An actor-critic network: two shared layers of 128 units with ReLU, and heads for the temperature, the difficulty and the value.</summary>
internal sealed class ActorCritic
{
    public const int Hidden = 128;

    private ActorCritic(Dense first, Dense second, Dense temperature, Dense difficulty, Dense critic) =>
        (First, Second, Temperature, Difficulty, Critic) = (first, second, temperature, difficulty, critic);

    public Dense First { get; }

    public Dense Second { get; }

    public Dense Temperature { get; }

    public Dense Difficulty { get; }

    public Dense Critic { get; }

    /// <summary>All layers, in the order of the parameters.</summary>
    public IReadOnlyList<Dense> Layers => [First, Second, Temperature, Difficulty, Critic];

    /// <summary>Creates a network whose layers are initialized by <paramref name="fill"/>.</summary>
    public static ActorCritic Create(Action<Dense> fill)
    {
        var network = new ActorCritic(
            new Dense(CurriculumEnvironment.StateSize, Hidden),
            new Dense(Hidden, Hidden),
            new Dense(Hidden, CurriculumAction.Temperatures),
            new Dense(Hidden, CurriculumAction.Difficulties),
            new Dense(Hidden, 1)
        );
        foreach (var layer in network.Layers)
            fill(layer);
        return network;
    }

    /// <summary>Creates a network with random weights, uniform within 1/sqrt(fan-in) like PyTorch's linear layers.</summary>
    public static ActorCritic CreateRandom(ulong seed)
    {
        var random = new CounterRandom(seed, 0xAC);
        return Create(layer =>
        {
            var bound = 1 / Math.Sqrt(layer.Inputs);
            foreach (var values in new[] { layer.Weight, layer.Bias })
            {
                for (var i = 0; i < values.Length; i++)
                    values[i] = random.NextDouble(-bound, bound);
            }
        });
    }

    /// <summary>Computes log-probabilities and value of a state.</summary>
    public Evaluation Evaluate(double[] state)
    {
        var first = Relu(First.Forward(state));
        var second = Relu(Second.Forward(first));
        return new Evaluation(state, first, second, LogSoftmax(Temperature.Forward(second)), LogSoftmax(Difficulty.Forward(second)), Critic.Forward(second)[0]);
    }

    /// <summary>Adds the gradients of a state's losses to the layers.</summary>
    /// <param name="evaluation">The state's evaluation by this network.</param>
    /// <param name="temperature">Gradient with respect to the temperature head's logits.</param>
    /// <param name="difficulty">Gradient with respect to the difficulty head's logits.</param>
    /// <param name="value">Gradient with respect to the value.</param>
    public void Backward(Evaluation evaluation, double[] temperature, double[] difficulty, double value)
    {
        var second = new double[Hidden];
        Temperature.Backward(evaluation.Second, temperature, second);
        Difficulty.Backward(evaluation.Second, difficulty, second);
        Critic.Backward(evaluation.Second, [value], second);
        Mask(second, evaluation.Second);
        var first = new double[Hidden];
        Second.Backward(evaluation.First, second, first);
        Mask(first, evaluation.First);
        First.Backward(evaluation.State, first, null);
    }

    private static double[] Relu(double[] values) => Array.ConvertAll(values, value => Math.Max(value, 0));

    // The gradient of ReLU is 0 where the output was 0.
    private static void Mask(double[] gradient, double[] output)
    {
        for (var i = 0; i < gradient.Length; i++)
            gradient[i] = output[i] > 0 ? gradient[i] : 0;
    }

    private static double[] LogSoftmax(double[] logits)
    {
        var largest = logits.Max();
        var logSum = largest + Math.Log(logits.Sum(logit => Math.Exp(logit - largest)));
        return Array.ConvertAll(logits, logit => logit - logSum);
    }
}

/// <summary>A network's outputs for a state, with the activations that the backward pass needs.</summary>
internal sealed record Evaluation(
    double[] State,
    double[] First,
    double[] Second,
    double[] TemperatureLogProbabilities,
    double[] DifficultyLogProbabilities,
    double Value
)
{
    /// <summary>Returns the log-probability of an action; the two heads are independent.</summary>
    public double LogProbability(CurriculumAction action) => TemperatureLogProbabilities[action.Temperature] + DifficultyLogProbabilities[action.Difficulty];
}
