namespace Kd.StudentTrainer.Curriculum;

/// <summary>Which views of which samples a run has asked the teacher for: as many as it would have computed with an empty cache.</summary>
/// <param name="samples">Number of samples.</param>
/// <param name="perSample">Views of a sample; 0: each one is new.</param>
internal sealed class SeenViews(int samples, int perSample)
{
    private readonly long[] _bits = new long[((long)samples * perSample + 63) / 64 + 1];

    /// <summary>How many they are.</summary>
    public long Count { get; private set; }

    /// <summary>Takes note of a view of some samples.</summary>
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

    /// <summary>What <see cref="Restore"/> takes.</summary>
    public long[] Capture()
    {
        var copy = _bits.ToArray();
        copy[^1] = Count;
        return copy;
    }

    /// <summary>Goes on from what <see cref="Capture"/> gave.</summary>
    public void Restore(ReadOnlySpan<long> saved)
    {
        saved.CopyTo(_bits);
        (Count, _bits[^1]) = (saved[^1], 0);
    }
}
