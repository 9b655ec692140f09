namespace Kd.Settings;

/// <summary>Form of the pictures that an exported network takes.</summary>
public enum OnnxInput
{
    /// <summary>float32, normalized as in training (mean .485 .456 .406, deviation .229 .224 .225 of pixels over 255).</summary>
    Normalized,

    /// <summary>uint8 RGB pixels; the network normalizes them itself.</summary>
    Pixels,
}
