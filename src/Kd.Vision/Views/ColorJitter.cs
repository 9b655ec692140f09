namespace Kd.Vision.Views;

/// <summary>Color factors in thousandths (integers, so that a view id does not depend on the last bit of a float).</summary>
/// <param name="Brightness">1000 means no change.</param>
/// <param name="Contrast">1000 means no change.</param>
/// <param name="Saturation">1000 means no change.</param>
/// <param name="Order">0 to 5: the order in which the three are applied (lexicographic permutation of brightness, contrast, saturation).</param>
public readonly record struct ColorJitter(int Brightness, int Contrast, int Saturation, int Order)
{
    /// <summary>No change.</summary>
    public static ColorJitter None { get; } = new(1000, 1000, 1000, 0);
}
