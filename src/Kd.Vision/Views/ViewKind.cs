namespace Kd.Vision.Views;

/// <summary>The way in which a view is cut from its picture.</summary>
public enum ViewKind
{
    /// <summary>The box is resized to the view's size.</summary>
    ResizedCrop = 1,

    /// <summary>The box is copied without resizing; beyond the edge the picture is mirrored.</summary>
    PaddedCrop = 2,

    /// <summary>The picture is resized (shorter side to size * 256/224), then the box is copied.</summary>
    EvaluationCrop = 3,
}
