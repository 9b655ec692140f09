namespace Kd.Vision.Datasets;

/// <summary>The known reason why a demo sample is hard; difficulty measures can be checked against it.</summary>
public enum DemoHardness
{
    /// <summary>An ordinary sample.</summary>
    None,

    /// <summary>Strong pixel noise.</summary>
    Noise,

    /// <summary>A bar hides part of the shape.</summary>
    Occlusion,

    /// <summary>The shape is blended with its look-alike.</summary>
    LookAlike,
}
