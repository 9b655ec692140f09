using Kd.Core.Errors;

namespace Kd.Vision.Checkpoints;

/// <summary>Thrown when a weights file cannot be used; the message names the file, the problem and what was expected.</summary>
public sealed class CheckpointException : UserException
{
    /// <summary>Creates an exception about a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="problem">The problem, as a sentence.</param>
    /// <param name="inner">The cause, if any.</param>
    public CheckpointException(string path, string problem, Exception? inner = null)
        : base($"Weights file '{path}': {problem}", inner) => Path = path;

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Whether the file is proven to be damaged or of another kind; false where it could not be read, perhaps only for a moment.</summary>
    public bool IsDamaged => InnerException is not (IOException or UnauthorizedAccessException) or EndOfStreamException;
}
