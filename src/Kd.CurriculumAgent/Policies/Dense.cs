namespace Kd.CurriculumAgent.Policies;

/// <summary>A fully connected layer with its gradients.</summary>
/// <param name="inputs">Number of inputs.</param>
/// <param name="outputs">Number of outputs.</param>
internal sealed class Dense(int inputs, int outputs)
{
    public int Inputs => inputs;

    /// <summary>Row-major [outputs, inputs].</summary>
    public double[] Weight { get; } = new double[inputs * outputs];

    public double[] Bias { get; } = new double[outputs];

    public double[] WeightGradient { get; } = new double[inputs * outputs];

    public double[] BiasGradient { get; } = new double[outputs];

    public double[] Forward(double[] input)
    {
        var output = new double[outputs];
        for (var row = 0; row < outputs; row++)
        {
            var sum = Bias[row];
            for (var column = 0; column < inputs; column++)
                sum += Weight[row * inputs + column] * input[column];
            output[row] = sum;
        }

        return output;
    }

    /// <summary>Adds the gradients of the layer, and those of its input unless <paramref name="inputGradient"/> is null.</summary>
    public void Backward(double[] input, double[] outputGradient, double[]? inputGradient)
    {
        for (var row = 0; row < outputs; row++)
        {
            BiasGradient[row] += outputGradient[row];
            for (var column = 0; column < inputs; column++)
            {
                WeightGradient[row * inputs + column] += outputGradient[row] * input[column];
                if (inputGradient is not null)
                    inputGradient[column] += outputGradient[row] * Weight[row * inputs + column];
            }
        }
    }

    public void ClearGradients()
    {
        Array.Clear(WeightGradient);
        Array.Clear(BiasGradient);
    }
}
