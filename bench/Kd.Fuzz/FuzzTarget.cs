using Kd.Core.Errors;

namespace Kd.Fuzz;

/// <summary>A program part that reads bytes from somebody else.</summary>
/// <param name="Name">Name on the command line.</param>
/// <param name="Seeds">Creates valid inputs, from which others are made; the argument is a folder for files.</param>
/// <param name="Open">Creates the reader in a folder of its own; it may throw <see cref="UserException"/> only.</param>
internal sealed record FuzzTarget(string Name, Func<string, IReadOnlyList<byte[]>> Seeds, Func<string, Action<byte[]>> Open);
