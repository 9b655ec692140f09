namespace Kd.TeacherService.Model;

/// <summary>Thrown when a request arrives before the teacher is loaded.</summary>
internal sealed class TeacherNotReadyException() : Exception("The teacher is still loading its weights; try again shortly.");
