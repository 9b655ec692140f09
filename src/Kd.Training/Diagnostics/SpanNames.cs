namespace Kd.Training.Diagnostics;

/// <summary>Names of the trainer's spans. Each epoch is a trace, whose display name has its number and method.</summary>
internal static class SpanNames
{
    /// <summary>Root of an epoch's trace.</summary>
    public const string Epoch = "train epoch";

    /// <summary>Sequential phases of an epoch, which together take nearly all of its time.</summary>
    public const string ChooseSamples = "choose samples",
        WaitForBatch = "wait for batch",
        Step = "train step",
        Paused = "paused",
        RefreshDifficulty = "refresh difficulty",
        Validate = "validate",
        ReportEpoch = "report epoch",
        SaveResults = "save results",
        SaveCheckpoint = "save checkpoint";

    /// <summary>Preparation of batches, in parallel with the steps.</summary>
    public const string PrepareBatch = "prepare batch",
        RenderViews = "render views",
        LookUpLogits = "look up logits",
        LabelViews = "label views";

    /// <summary>Work outside epochs.</summary>
    public const string DescribeTeacher = "describe teacher",
        EvaluateTeacher = "evaluate teacher",
        RegisterRun = "register run",
        TestStudent = "test student";
}
