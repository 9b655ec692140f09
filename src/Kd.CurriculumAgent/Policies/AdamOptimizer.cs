namespace Kd.CurriculumAgent.Policies;

/// <summary>Updates the layers of a network by Adam (Kingma and Ba 2015) after clipping the norm of the gradient.</summary>
internal sealed class AdamOptimizer
{
    private const double Beta1 = 0.9,
        Beta2 = 0.999,
        Epsilon = 1e-8;
    private readonly double _learningRate;
    private readonly double _maxNorm;
    private readonly List<(double[] Values, double[] Gradients, double[] Mean, double[] Square)> _slots = [];
    private int _step;

    public AdamOptimizer(IEnumerable<Dense> layers, double learningRate, double maxNorm)
    {
        (_learningRate, _maxNorm) = (learningRate, maxNorm);
        foreach (var layer in layers)
        {
            _slots.Add((layer.Weight, layer.WeightGradient, new double[layer.Weight.Length], new double[layer.Weight.Length]));
            _slots.Add((layer.Bias, layer.BiasGradient, new double[layer.Bias.Length], new double[layer.Bias.Length]));
        }
    }

    public void Step()
    {
        _step++;
        var norm = Math.Sqrt(_slots.Sum(slot => slot.Gradients.Sum(gradient => gradient * gradient)));
        var scale = Math.Min(1, _maxNorm / (norm + 1e-6)); // Same as torch.nn.utils.clip_grad_norm_.
        var (correction1, correction2) = (1 - Math.Pow(Beta1, _step), 1 - Math.Pow(Beta2, _step));
        foreach (var (values, gradients, mean, square) in _slots)
        {
            for (var i = 0; i < values.Length; i++)
            {
                var gradient = gradients[i] * scale;
                mean[i] = Beta1 * mean[i] + (1 - Beta1) * gradient;
                square[i] = Beta2 * square[i] + (1 - Beta2) * gradient * gradient;
                values[i] -= _learningRate / correction1 * mean[i] / (Math.Sqrt(square[i] / correction2) + Epsilon);
            }
        }
    }
}
