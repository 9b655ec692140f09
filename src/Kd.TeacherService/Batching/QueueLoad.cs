namespace Kd.TeacherService.Batching;

/// <summary>How busy a replica has been over the last half minute, for a scaler: <c>GET /scale</c>.</summary>
/// <param name="PendingViews">Mean number of views that wait for a pass or are in one.</param>
/// <param name="PendingPasses">The same as a number of passes of Batching:MaxBatch views.</param>
internal readonly record struct QueueLoad(double PendingViews, double PendingPasses);
