namespace Kd.CurriculumAgent.Policies;

/// <summary>Trains an actor-critic by proximal policy optimization with the clipped objective.</summary>
/// <remarks>Source: Schulman et al. 2017, "Proximal Policy Optimization Algorithms", equations 7 and 9; advantages are normalized over the batch.</remarks>
internal sealed class PpoLearner(ActorCritic network, PpoSettings settings)
{
    private readonly AdamOptimizer _optimizer = new(network.Layers, settings.LearningRate, settings.MaxGradientNorm);

    /// <summary>Updates the network with all transitions as one minibatch, for several epochs.</summary>
    /// <param name="transitions">In order of time.</param>
    /// <param name="nextValue">Value of the state after the last one.</param>
    /// <returns>Mean losses over the epochs.</returns>
    public PpoLosses Update(IReadOnlyList<Transition> transitions, double nextValue)
    {
        var advantages = GeneralizedAdvantage.Compute(transitions, nextValue, settings.Gamma, settings.Lambda);
        var returns = advantages.Select((advantage, t) => advantage + transitions[t].Value).ToArray();
        var normalized = Normalize(advantages);
        var (policy, value, total) = (0.0, 0.0, 0.0);
        for (var epoch = 0; epoch < settings.Epochs; epoch++)
        {
            var losses = RunEpoch(transitions, normalized, returns);
            policy += losses.Policy / settings.Epochs;
            value += losses.Value / settings.Epochs;
            total += losses.Total / settings.Epochs;
        }

        return new PpoLosses(policy, value, total);
    }

    private PpoLosses RunEpoch(IReadOnlyList<Transition> transitions, double[] advantages, double[] returns)
    {
        foreach (var layer in network.Layers)
            layer.ClearGradients();
        var count = transitions.Count;
        var (policyLoss, valueLoss, entropy) = (0.0, 0.0, 0.0);
        for (var t = 0; t < count; t++)
        {
            var transition = transitions[t];
            var evaluation = network.Evaluate(transition.State);
            var ratio = Math.Exp(evaluation.LogProbability(transition.Action) - transition.LogProbability);
            var clipped = Math.Clamp(ratio, 1 - settings.Clip, 1 + settings.Clip);
            var (unclippedTerm, clippedTerm) = (ratio * advantages[t], clipped * advantages[t]);
            policyLoss -= Math.Min(unclippedTerm, clippedTerm) / count;
            var error = evaluation.Value - returns[t];
            valueLoss += error * error / count;

            // The minimum of both terms has a gradient only where the unclipped one is not larger.
            var logProbabilityGradient = unclippedTerm <= clippedTerm ? -unclippedTerm / count : 0;
            var heads = new List<double[]>();
            foreach (var (head, chosen) in evaluation.LogProbabilities.Zip(transition.Action))
                heads.Add(HeadGradient(head, chosen, logProbabilityGradient, count, ref entropy));
            network.Backward(evaluation, heads, settings.ValueCoefficient * 2 * error / count);
        }

        _optimizer.Step();
        return new PpoLosses(policyLoss, valueLoss, policyLoss + settings.ValueCoefficient * valueLoss - settings.EntropyCoefficient * entropy);
    }

    // With p = softmax(z): d log p_a / dz_j = [a = j] - p_j, and dH/dz_j = -p_j (log p_j + H).
    private double[] HeadGradient(double[] logProbabilities, int chosen, double logProbabilityGradient, int count, ref double entropy)
    {
        var headEntropy = -logProbabilities.Sum(log => Math.Exp(log) * log);
        entropy += headEntropy / count;
        var gradient = new double[logProbabilities.Length];
        for (var j = 0; j < gradient.Length; j++)
        {
            var probability = Math.Exp(logProbabilities[j]);
            gradient[j] =
                logProbabilityGradient * ((j == chosen ? 1 : 0) - probability)
                + settings.EntropyCoefficient / count * probability * (logProbabilities[j] + headEntropy);
        }

        return gradient;
    }

    // Uses the unbiased deviation plus 1e-8; a single transition is not normalized.
    private static double[] Normalize(double[] values)
    {
        if (values.Length < 2)
            return values;
        var mean = values.Average();
        var deviation = Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (values.Length - 1));
        return Array.ConvertAll(values, value => (value - mean) / (deviation + 1e-8));
    }
}

/// <summary>Mean losses over the epochs of an update.</summary>
internal readonly record struct PpoLosses(double Policy, double Value, double Total);

/// <summary>Hyperparameters of PPO; the defaults are those of the reference implementation.</summary>
internal sealed record PpoSettings
{
    public double LearningRate { get; init; } = 3e-4;

    public double Gamma { get; init; } = 0.99;

    public double Lambda { get; init; } = 0.95;

    public double Clip { get; init; } = 0.2;

    public double ValueCoefficient { get; init; } = 1.0;

    public double EntropyCoefficient { get; init; } = 0.01;

    public double MaxGradientNorm { get; init; } = 0.5;

    public int Epochs { get; init; } = 4;
}
