namespace Kd.Training.Curriculum;

/// <summary>Counts the distinct views that a run has requested from the teacher, which would compute them all with an empty cache.</summary>
/// <param name="samples">Number of samples.</param>
/// <param name="perSample">Views per sample; 0: every view is new.</param>
internal sealed class SeenViews(int samples, int perSample)
{
    private readonly long[] _bits = new long[((long)samples * perSample + 63) / 64 + 1];

    /// <summary>Number of distinct views so far.</summary>
    public long Count { get; private set; }

    /// <summary>Adds one view of some samples.</summary>
    public void Add(ReadOnlySpan<int> indexes, int view)
    {
        foreach (var sample in indexes)
        {
            var bit = (long)sample * perSample + view;
            if (perSample > 0 && (_bits[bit >> 6] >> (int)(bit & 63) & 1) != 0)
                continue;
            if (perSample > 0)
                _bits[bit >> 6] |= 1L << (int)(bit & 63);
            Count++;
        }
    }

    /// <summary>Adds views that <see cref="Add(ReadOnlySpan{int}, int)"/> never gets.</summary>
    public void Add(int views) => Count += views;

    /// <summary>Copies the state for <see cref="Restore"/>.</summary>
    public long[] Capture()
    {
        var copy = _bits.ToArray();
        copy[^1] = Count;
        return copy;
    }

    /// <summary>Restores the result of <see cref="Capture"/>.</summary>
    public void Restore(ReadOnlySpan<long> saved)
    {
        saved.CopyTo(_bits);
        (Count, _bits[^1]) = (saved[^1], 0);
    }
}
