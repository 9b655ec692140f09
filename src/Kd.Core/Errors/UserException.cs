namespace Kd.Core.Errors;

/// <summary>
/// A mistake that the user can mend, such as a wrong setting, dataset or weights file. Programs print the message without a stack trace and end with exit code 2.
/// </summary>
/// <param name="message">Names the offending value, what was expected and how to mend it.</param>
/// <param name="inner">The cause, where there is one.</param>
public abstract class UserException(string message, Exception? inner = null) : Exception(message, inner);
