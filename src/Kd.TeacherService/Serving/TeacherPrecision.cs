using TorchSharp;

namespace Kd.TeacherService.Serving;

/// <summary>Number format of the network's weights and maps; logits are float16 on the wire in any case.</summary>
internal enum TeacherPrecision
{
    Float32,
    BFloat16,
    Float16,
}

internal static class TeacherPrecisions
{
    public static torch.ScalarType ToScalarType(this TeacherPrecision precision) =>
        precision switch
        {
            TeacherPrecision.Float32 => torch.ScalarType.Float32,
            TeacherPrecision.BFloat16 => torch.ScalarType.BFloat16,
            _ => torch.ScalarType.Float16,
        };

    /// <summary>Largest difference from the plain network's logits that this format explains, in standard deviations of the logits.</summary>
    public static double Bound(this TeacherPrecision precision) =>
        precision switch
        {
            TeacherPrecision.Float32 => 1e-3,
            TeacherPrecision.BFloat16 => 0.15,
            _ => 0.02,
        };
}
