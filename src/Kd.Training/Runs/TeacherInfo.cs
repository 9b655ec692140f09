namespace Kd.Training.Runs;

/// <summary>The teacher of a run.</summary>
/// <param name="Id">Id of the teacher's logits, which depends on weights and numerical settings.</param>
/// <param name="Architecture">Name of the network.</param>
internal sealed record TeacherInfo(string Id, string Architecture);
