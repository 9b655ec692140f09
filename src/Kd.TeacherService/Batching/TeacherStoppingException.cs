namespace Kd.TeacherService.Batching;

/// <summary>Thrown when a request arrives while the service is stopping.</summary>
internal sealed class TeacherStoppingException() : Exception("The teacher is stopping; try another replica.");
