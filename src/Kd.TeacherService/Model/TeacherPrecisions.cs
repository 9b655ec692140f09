using Kd.Settings;
using TorchSharp;

namespace Kd.TeacherService.Model;

/// <summary>Properties of the teacher's number formats. On the wire, logits are always float16.</summary>
internal static class TeacherPrecisions
{
    public static torch.ScalarType ToScalarType(this TeacherPrecision precision) =>
        precision switch
        {
            TeacherPrecision.Float32 => torch.ScalarType.Float32,
            TeacherPrecision.BFloat16 => torch.ScalarType.BFloat16,
            _ => torch.ScalarType.Float16,
        };

    /// <summary>Returns the largest difference from the original logits that this format's rounding explains, in standard deviations of the logits.</summary>
    public static double Bound(this TeacherPrecision precision) =>
        precision switch
        {
            TeacherPrecision.Float32 => 1e-3,
            TeacherPrecision.BFloat16 => 0.15,
            _ => 0.02,
        };
}
