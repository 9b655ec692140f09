namespace Kd.Fuzz.Targets;

/// <summary>All targets by name.</summary>
internal static class TargetCatalog
{
    /// <summary>The targets.</summary>
    public static IReadOnlyDictionary<string, FuzzTarget> All { get; } =
        new[]
        {
            VisionTargets.Safetensors,
            VisionTargets.PyTorch,
            VisionTargets.Picture,
            VisionTargets.Parquet,
            RunTargets.Checkpoint,
            RunTargets.Queue,
            RunTargets.Records,
            RunTargets.Labels,
            ServiceTargets.CacheEntry,
            ServiceTargets.Onnx,
            ServiceTargets.Journal,
            CallTargets.Teacher,
            CallTargets.Agent,
            PageTargets.Page,
        }.ToDictionary(target => target.Name);
}
