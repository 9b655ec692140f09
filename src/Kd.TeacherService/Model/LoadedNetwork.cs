using Kd.Settings;
using Kd.Vision.Views;

namespace Kd.TeacherService.Model;

/// <summary>A network as it was loaded from its file, not yet in the form in which it is served.</summary>
/// <param name="outputs">Number of its classes.</param>
/// <param name="names">Names of its classes, or null where the file has none.</param>
/// <param name="hash">Hash of its weights.</param>
internal abstract class LoadedNetwork(int outputs, IReadOnlyList<string>? names, byte[] hash) : IDisposable
{
    /// <summary>Number of its classes.</summary>
    public int Outputs => outputs;

    /// <summary>Names of its classes, or null where the file has none.</summary>
    public IReadOnlyList<string>? Names => names;

    /// <summary>Hash of its weights.</summary>
    public byte[] Hash => hash;

    /// <summary>Number of its weights.</summary>
    public abstract long Parameters { get; }

    /// <summary>Whether its graph comes from a file, and not from the catalog.</summary>
    public abstract bool IsForeign { get; }

    /// <summary>The only width and height of its input, px; 0: any.</summary>
    public virtual int Side => 0;

    /// <summary>Width and height of the pictures that it was trained on, px; 0: its file does not tell.</summary>
    public virtual int TrainedSide => 0;

    /// <summary>The normalization that its file names.</summary>
    public virtual NormalizationTexts StatedNormalization => new(null, null, IsOwn: false);

    /// <summary>Computes logits as the file defines them: in float32, on the CPU, nothing fused.</summary>
    /// <param name="pixels">uint8 planes [N, 3, size, size].</param>
    /// <param name="count">N.</param>
    /// <param name="size">Width and height, px.</param>
    /// <param name="statistics">Normalization of the pixels.</param>
    /// <returns>Row-major [N, <see cref="Outputs"/>].</returns>
    public abstract float[] Compute(byte[] pixels, int count, int size, ChannelStatistics statistics);

    /// <summary>Converts the network into the form that is served, which takes ownership of it.</summary>
    /// <param name="options">Engine, precision and threads.</param>
    /// <param name="form">What all passes have in common.</param>
    /// <exception cref="TeacherException">The options ask for what this network or this build does not have.</exception>
    public abstract ITeacherEngine Start(TeacherOptions options, PassForm form);

    public abstract void Dispose();
}
