namespace Kd.Core.Errors;

/// <summary>
/// Base class of errors that the user can fix, such as a wrong setting, dataset or weights file. Programs print the message without a stack trace and exit
/// with code 2.
/// </summary>
/// <param name="message">Names the offending value, what was expected and how to fix it.</param>
/// <param name="inner">The cause, if any.</param>
public abstract class UserException(string message, Exception? inner = null) : Exception(message, inner);
