using Kd.Core.Errors;

namespace Kd.TeacherService.Serving;

/// <summary>The teacher cannot serve what the settings ask for; the message says why.</summary>
internal sealed class TeacherException(string message) : UserException(message);
