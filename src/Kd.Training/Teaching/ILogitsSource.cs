using Kd.Protocol.Teacher.V1;
using Kd.Training.Diagnostics;

namespace Kd.Training.Teaching;

/// <summary>Provides the logits of one or several teachers: their services, or what they have written into files.</summary>
internal interface ILogitsSource
{
    /// <summary>Use of each teacher so far, in the order of the settings.</summary>
    IReadOnlyList<TeacherUsage> Usages { get; }

    /// <summary>Use of all teachers so far.</summary>
    TeacherUsage Usage { get; }

    /// <summary>Gets the descriptions of all teachers, and maps their classes to those of the dataset, if that has any.</summary>
    /// <exception cref="TrainingException">The classes of a teacher are not the dataset's.</exception>
    Task<DescribeReply[]> DescribeAsync(IReadOnlyList<string> classes, CancellationToken cancellation);

    /// <summary>Gets the logits of views.</summary>
    /// <exception cref="TrainingException">A teacher refuses them, or the files lack them.</exception>
    Task<TeacherAnswers> GetLogitsAsync(TeacherQuestion question, CancellationToken cancellation);
}
