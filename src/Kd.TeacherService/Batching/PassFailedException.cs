namespace Kd.TeacherService.Batching;

/// <summary>Thrown when a forward pass failed, for example since the device has no memory left; it is no fault of the request.</summary>
internal sealed class PassFailedException(Exception cause)
    : Exception($"A forward pass failed on this replica: {cause.GetType().Name}: {cause.Message.Split('\n')[0]}", cause);
