using Kd.Vision.Views;

namespace Kd.TeacherService.Labeling;

/// <summary>A request to compute the logits of views.</summary>
internal sealed record LabelCall
{
    /// <summary>N ids.</summary>
    public required ViewId[] Views { get; init; }

    /// <summary>uint8 planes [N, 3, size, size].</summary>
    public required ReadOnlyMemory<byte> Pixels { get; init; }

    /// <summary>Width and height, px.</summary>
    public required int Size { get; init; }

    /// <summary>Whether to store the logits in the cache.</summary>
    public required bool Store { get; init; }

    /// <summary>Whether an earlier attempt has failed: what it has stored is not computed again.</summary>
    public bool IsRetry { get; init; }

    /// <summary>Who asks.</summary>
    public required string Client { get; init; }

    /// <summary>Gets the part of the call for some of its views.</summary>
    /// <param name="indexes">Indexes of these views.</param>
    public LabelCall Take(IReadOnlyList<int> indexes)
    {
        var bytes = ViewRenderer.ByteCount(Size);
        var pixels = new byte[indexes.Count * bytes];
        for (var i = 0; i < indexes.Count; i++)
            Pixels.Slice(indexes[i] * bytes, bytes).CopyTo(pixels.AsMemory(i * bytes));
        return this with { Views = [.. indexes.Select(index => Views[index])], Pixels = pixels };
    }
}
