using Kd.Core.Errors;

namespace Kd.Vision.Checkpoints;

/// <summary>A weights file cannot be used; the message names the file, what is wrong and what was expected.</summary>
public sealed class CheckpointException : UserException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="path">The file.</param>
    /// <param name="problem">What is wrong with it, as a sentence.</param>
    /// <param name="inner">The cause, where there is one.</param>
    public CheckpointException(string path, string problem, Exception? inner = null)
        : base($"Weights file '{path}': {problem}", inner) => Path = path;

    /// <summary>The file.</summary>
    public string Path { get; }
}
