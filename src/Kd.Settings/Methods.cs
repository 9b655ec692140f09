namespace Kd.Settings;

/// <summary>Values of <c>Distillation:Method</c>.</summary>
public static class Methods
{
    /// <summary>The labels of the dataset only.</summary>
    public const string Labels = "labels";

    /// <summary>Labels and teacher.</summary>
    public const string Mixed = "mixed";

    /// <summary>The teacher only.</summary>
    public const string Kd = "kd";

    /// <summary>The teacher only; the curriculum agent chooses samples and temperature.</summary>
    public const string KdCurriculum = "kd-curriculum";

    /// <summary>Labels and teacher, with separate weights for the target class and the others.</summary>
    public const string Decoupled = "dkd";

    /// <summary>Labels and the relations in the teacher's logits.</summary>
    public const string Relations = "dist";

    /// <summary>Labels and teacher, at a temperature that is learned adversarially to the student.</summary>
    public const string LearnedTemperature = "ctkd";

    /// <summary>The methods of a study, in the order of its table.</summary>
    public static IReadOnlyList<string> Study { get; } = [Labels, Mixed, Kd, KdCurriculum];

    /// <summary>Whether a method needs the label of each training picture.</summary>
    public static bool UsesLabels(string method) => method is not (Kd or KdCurriculum);

    /// <summary>Whether a method needs the teacher.</summary>
    public static bool UsesTeacher(string method) => method != Labels;
}
