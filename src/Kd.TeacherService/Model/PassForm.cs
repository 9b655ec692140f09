using Kd.Vision.Views;

namespace Kd.TeacherService.Model;

/// <summary>What all passes of a teacher have in common.</summary>
/// <param name="Device">auto, cpu or cuda:N.</param>
/// <param name="Batch">Views in a pass.</param>
/// <param name="Statistics">Normalization of the pixels.</param>
internal sealed record PassForm(string Device, int Batch, ChannelStatistics Statistics);
