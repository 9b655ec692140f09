namespace Kd.Vision.Imaging;

/// <summary>Some rows of a picture.</summary>
/// <param name="First">Index of the first row.</param>
/// <param name="Count">Number of rows.</param>
public readonly record struct PixelRows(int First, int Count)
{
    /// <summary>No rows: only the size of a picture is needed.</summary>
    public static PixelRows None => default;

    /// <summary>All rows of a picture.</summary>
    /// <param name="height">Its height, px.</param>
    public static PixelRows All(int height) => new(0, height);

    /// <summary>Whether the rows lie within a picture.</summary>
    /// <param name="height">Its height, px.</param>
    public bool IsWithin(int height) => First >= 0 && Count >= 0 && First <= height - Count;
}

/// <summary>Chooses the rows of a picture that are needed.</summary>
/// <param name="width">Width of the picture, px.</param>
/// <param name="height">Height of the picture, px.</param>
public delegate PixelRows RowChoice(int width, int height);
