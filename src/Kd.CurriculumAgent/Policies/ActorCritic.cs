using Kd.Core.Randomness;

namespace Kd.CurriculumAgent.Policies;

/// <summary>An actor-critic network: two shared layers of 128 units with ReLU, a head for each part of an action, and one for the value.</summary>
internal sealed class ActorCritic
{
    public const int Hidden = 128;

    private ActorCritic(int stateSize, IReadOnlyList<int> choices)
    {
        (First, Second, Critic) = (new Dense(stateSize, Hidden), new Dense(Hidden, Hidden), new Dense(Hidden, 1));
        Heads = [.. choices.Select(count => new Dense(Hidden, count))];
    }

    public Dense First { get; }

    public Dense Second { get; }

    public IReadOnlyList<Dense> Heads { get; }

    public Dense Critic { get; }

    /// <summary>All layers, in the order of the parameters.</summary>
    public IReadOnlyList<Dense> Layers => [First, Second, .. Heads, Critic];

    /// <summary>Creates a network whose layers are initialized by <paramref name="fill"/>.</summary>
    /// <param name="stateSize">Number of values of a state.</param>
    /// <param name="choices">Number of choices of each part of an action.</param>
    /// <param name="fill">Initializes a layer.</param>
    public static ActorCritic Create(int stateSize, IReadOnlyList<int> choices, Action<Dense> fill)
    {
        var network = new ActorCritic(stateSize, choices);
        foreach (var layer in network.Layers)
            fill(layer);
        return network;
    }

    /// <summary>Creates a network with random weights, uniform within 1/sqrt(fan-in) like PyTorch's linear layers.</summary>
    public static ActorCritic CreateRandom(int stateSize, IReadOnlyList<int> choices, ulong seed)
    {
        var random = new CounterRandom(seed, 0xAC);
        return Create(stateSize, choices, Fill);

        void Fill(Dense layer)
        {
            var bound = 1 / Math.Sqrt(layer.Inputs);
            foreach (var values in new[] { layer.Weight, layer.Bias })
            {
                for (var i = 0; i < values.Length; i++)
                    values[i] = random.NextDouble(-bound, bound);
            }
        }
    }

    /// <summary>Computes log-probabilities and value of a state.</summary>
    public Evaluation Evaluate(double[] state)
    {
        var first = Relu(First.Forward(state));
        var second = Relu(Second.Forward(first));
        return new Evaluation(state, first, second, [.. Heads.Select(head => LogSoftmax(head.Forward(second)))], Critic.Forward(second)[0]);
    }

    /// <summary>Adds the gradients of a state's losses to the layers.</summary>
    /// <param name="evaluation">The state's evaluation by this network.</param>
    /// <param name="heads">Gradients with respect to each head's logits.</param>
    /// <param name="value">Gradient with respect to the value.</param>
    public void Backward(Evaluation evaluation, IReadOnlyList<double[]> heads, double value)
    {
        var second = new double[Hidden];
        foreach (var (head, gradient) in Heads.Zip(heads))
            head.Backward(evaluation.Second, gradient, second);
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
internal sealed record Evaluation(double[] State, double[] First, double[] Second, IReadOnlyList<double[]> LogProbabilities, double Value)
{
    /// <summary>Returns the log-probability of an action; the heads are independent.</summary>
    public double LogProbability(int[] action) => LogProbabilities.Zip(action, (head, choice) => head[choice]).Sum();
}
