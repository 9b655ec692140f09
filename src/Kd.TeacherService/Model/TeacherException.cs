using Kd.Core.Errors;

namespace Kd.TeacherService.Model;

/// <summary>Thrown when the teacher cannot be served as configured; the message gives the reason.</summary>
internal sealed class TeacherException(string message) : UserException(message);
