using TorchSharp;
using static TorchSharp.torch;

namespace Kd.Vision.Runtime;

/// <summary>Provides arithmetic between tensors and numbers that is safe while other threads collect garbage.</summary>
/// <remarks>
/// TorchSharp's operators convert a number to a <see cref="Scalar"/> and pass its handle on without keeping it alive: a garbage collection during
/// the native call runs its finalizer, and the call reads freed memory (wrong types have been observed, so wrong numbers are possible). Even
/// <c>add_(tensor)</c> has such a scalar, alpha. These methods keep every scalar alive until the call has returned.
/// </remarks>
public static class HeldScalars
{
    private static readonly Scalar s_one = 1f;
    private static readonly Scalar s_wholeOne = 1L;

    /// <summary>Computes tensor += other.</summary>
    public static Tensor PlusInPlace(this Tensor tensor, Tensor other) => tensor.add_(other, s_one);

    /// <summary>Computes tensor += factor * other.</summary>
    public static Tensor PlusInPlace(this Tensor tensor, Tensor other, double factor)
    {
        using Scalar scalar = factor;
        return tensor.add_(other, scalar);
    }

    /// <summary>Computes tensor += number.</summary>
    public static Tensor PlusInPlace(this Tensor tensor, double number)
    {
        using Scalar scalar = number;
        return tensor.add_(scalar, s_one);
    }

    /// <summary>Computes tensor += 1 for an integer tensor.</summary>
    public static Tensor IncrementInPlace(this Tensor tensor) => tensor.add_(s_wholeOne, s_wholeOne);

    /// <summary>Computes tensor *= number.</summary>
    public static Tensor TimesInPlace(this Tensor tensor, double number)
    {
        using Scalar scalar = number;
        return tensor.mul_(scalar);
    }

    /// <summary>Computes tensor += factor * first * second, elementwise.</summary>
    public static Tensor PlusProductInPlace(this Tensor tensor, Tensor first, Tensor second, double factor)
    {
        using Scalar scalar = factor;
        return tensor.addcmul_(first, second, scalar);
    }

    /// <summary>Computes tensor += factor * numerator / denominator, elementwise.</summary>
    public static Tensor PlusQuotientInPlace(this Tensor tensor, Tensor numerator, Tensor denominator, double factor)
    {
        using Scalar scalar = factor;
        return tensor.addcdiv_(numerator, denominator, scalar);
    }

    /// <summary>Returns tensor + other.</summary>
    public static Tensor Plus(this Tensor tensor, Tensor other) => tensor.add(other, s_one);

    /// <summary>Returns tensor * number.</summary>
    public static Tensor Times(this Tensor tensor, double number)
    {
        using Scalar scalar = number;
        return tensor.mul(scalar);
    }

    /// <summary>Returns tensor / number.</summary>
    public static Tensor DividedBy(this Tensor tensor, double number)
    {
        using Scalar scalar = number;
        return tensor.div(scalar);
    }

    /// <summary>Returns min(tensor, limit), elementwise.</summary>
    public static Tensor AtMost(this Tensor tensor, double limit)
    {
        using Scalar scalar = limit;
        return tensor.clamp_max(scalar);
    }

    /// <summary>Returns the value of a tensor with one float32.</summary>
    public static float Single(this Tensor tensor)
    {
        using var scope = NewDisposeScope();
        return tensor.detach().cpu().data<float>()[0];
    }
}
