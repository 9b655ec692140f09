namespace Kd.TeacherService.Model;

/// <summary>Makes the loaded teacher available to requests.</summary>
internal sealed class ServedTeacher
{
    private volatile TeacherModel? _model;

    /// <summary>The loaded teacher, or null while it loads. Set once, after the self-check.</summary>
    public TeacherModel? Model
    {
        get => _model;
        set => _model = value;
    }

    /// <summary>Returns the loaded teacher.</summary>
    /// <exception cref="TeacherNotReadyException">It is still loading.</exception>
    public TeacherModel GetModel() => _model ?? throw new TeacherNotReadyException();
}
