using Kd.Vision.Checkpoints;
using static TorchSharp.torch;

namespace Kd.Vision.Tests.Models;

/// <summary>Sets the weights and inputs of the parity numbers, which are formulas of an entry's position.</summary>
internal static class FormulaWeights
{
    public static void Fill(nn.Module module)
    {
        using var _ = no_grad();
        var k = 0;
        foreach (var (name, target) in ModuleState.Entries(module))
        {
            k++;
            using var values = name.EndsWith("num_batches_tracked", StringComparison.Ordinal)
                ? zeros(target.shape, ScalarType.Int64)
                : tensor(Values(name, target.shape, k)).reshape(target.shape);
            target.copy_(values);
        }
    }

    /// <summary>Returns x[i] = sin(0.01 i) in a given shape.</summary>
    public static Tensor Input(params long[] shape) =>
        tensor(Enumerable.Range(0, (int)shape.Aggregate((a, b) => a * b)).Select(i => (float)Math.Sin(0.01 * i)).ToArray()).reshape(shape);

    private static float[] Values(string name, long[] shape, int k)
    {
        var values = new float[shape.Aggregate(1L, (a, b) => a * b)];
        for (var i = 0; i < values.Length; i++)
        {
            var s = Math.Sin(0.37 * i + k);
            values[i] = (float)(
                shape.Length switch
                {
                    4 => s * Math.Sqrt(2.0 / (shape[1] * shape[2] * shape[3])),
                    2 => s * Math.Sqrt(1.0 / shape[1]),
                    _ when name.EndsWith("running_var", StringComparison.Ordinal) => 1 + 0.1 * s,
                    _ when name.EndsWith("running_mean", StringComparison.Ordinal) || name.EndsWith("bias", StringComparison.Ordinal) => 0.1 * s,
                    _ => 0.5 + 0.05 * s,
                }
            );
        }

        return values;
    }
}
