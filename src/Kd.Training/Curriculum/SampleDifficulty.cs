namespace Kd.Training.Curriculum;

/// <summary>Keeps the difficulty of each sample as a moving average of its measurements.</summary>
/// <param name="samples">Number of samples.</param>
/// <param name="smoothing">Weight of the newest measurement, 0 to 1.</param>
public sealed class SampleDifficulty(int samples, double smoothing)
{
    /// <summary>Difficulty of a sample that was never measured.</summary>
    public const float Unknown = 0.5f;

    private readonly float[] _values = [.. Enumerable.Repeat(Unknown, samples)];
    private readonly int[] _measured = [.. Enumerable.Repeat(-1, samples)];

    /// <summary>Difficulty of each sample, 0 to 1.</summary>
    public ReadOnlySpan<float> Values => _values;

    /// <summary>Whether a sample was ever measured.</summary>
    public bool IsMeasured(int sample) => _measured[sample] >= 0;

    /// <summary>Mean over the measured samples; 0.5 before the first measurement.</summary>
    public double Mean
    {
        get
        {
            var known = Enumerable.Range(0, samples).Where(IsMeasured).ToArray();
            return known.Length == 0 ? Unknown : known.Average(i => _values[i]);
        }
    }

    /// <summary>Records measurements of an epoch.</summary>
    public void Record(int epoch, ReadOnlySpan<int> indexes, ReadOnlySpan<float> difficulty)
    {
        for (var i = 0; i < indexes.Length; i++)
        {
            ref var value = ref _values[indexes[i]];
            value = _measured[indexes[i]] < 0 ? difficulty[i] : (float)(value + smoothing * (difficulty[i] - value));
            _measured[indexes[i]] = epoch;
        }
    }

    /// <summary>Counts the measured samples in each tenth of the scale, easiest first.</summary>
    public int[] Histogram()
    {
        const int tenths = 10;
        var counts = new int[tenths];
        for (var i = 0; i < samples; i++)
        {
            if (IsMeasured(i))
                counts[Math.Clamp((int)(_values[i] * tenths), 0, tenths - 1)]++;
        }

        return counts;
    }

    /// <summary>Copies the values and the epochs of their last measurement, -1 for none.</summary>
    public (float[] Values, int[] Measured) Capture() => ([.. _values], [.. _measured]);

    /// <summary>Restores the result of <see cref="Capture"/>.</summary>
    public void Restore(ReadOnlySpan<float> values, ReadOnlySpan<int> measured)
    {
        values.CopyTo(_values);
        measured.CopyTo(_measured);
    }

    /// <summary>Finds the samples whose last measurement is at least a number of epochs old.</summary>
    public int[] FindStale(int epoch, int epochs) => [.. Enumerable.Range(0, samples).Where(i => epoch - _measured[i] >= epochs)];
}
