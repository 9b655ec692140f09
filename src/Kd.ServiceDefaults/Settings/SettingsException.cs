using Kd.Core.Errors;

namespace Kd.ServiceDefaults.Settings;

/// <summary>A setting is wrong; the message names it, its value and what was expected.</summary>
/// <param name="message">The whole message.</param>
/// <param name="inner">The cause, where there is one.</param>
public sealed class SettingsException(string message, Exception? inner = null) : UserException(message, inner);
