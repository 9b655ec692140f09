namespace Kd.StudentTrainer.Diagnostics;

/// <summary>Names of the trainer's spans. An epoch is a trace of its own; a list of traces shows it by number and method.</summary>
internal static class SpanNames
{
    /// <summary>The root of an epoch's trace.</summary>
    public const string Epoch = "train epoch";

    /// <summary>Phases of an epoch, one after another: together they take nearly all of its time.</summary>
    public const string ChooseSamples = "choose samples",
        WaitForBatch = "wait for batch",
        Step = "train step",
        Paused = "paused",
        RefreshDifficulty = "refresh difficulty",
        Validate = "validate",
        ReportEpoch = "report epoch",
        SaveResults = "save results",
        SaveCheckpoint = "save checkpoint";

    /// <summary>What is prepared beside the steps.</summary>
    public const string PrepareBatch = "prepare batch",
        RenderViews = "render views",
        LookUpLogits = "look up logits",
        LabelViews = "label views";

    /// <summary>What lies outside of epochs.</summary>
    public const string DescribeTeacher = "describe teacher",
        EvaluateTeacher = "evaluate teacher",
        RegisterRun = "register run",
        LearnPolicy = "learn policy",
        TestStudent = "test student";
}
