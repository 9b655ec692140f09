using Kd.Protocol.Curriculum.V1;
using Kd.Training.Artifacts;
using Kd.Training.Control;
using Kd.Training.Curriculum;
using Kd.Training.Diagnostics;
using Kd.Training.Students;
using Kd.Vision.Checkpoints;

namespace Kd.Training.Runs;

/// <summary>Holds the state of a run, and loads and saves its checkpoints.</summary>
internal sealed class RunCheckpoints
{
    private readonly RunSetup _setup;
    private readonly EpochPlan _plan;
    private readonly RunControl _control;
    private readonly RunMonitor _monitor;
    private readonly RunClock _clock;
    private readonly TimeProvider _time;
    private readonly CheckpointStore _store;
    private long _saved;

    /// <summary>Creates the state of a new run.</summary>
    /// <param name="setup">The run.</param>
    /// <param name="plan">Chooses the samples.</param>
    /// <param name="control">The values set manually, which are part of the state.</param>
    /// <param name="monitor">Shows messages.</param>
    /// <param name="clock">Time of the run in this process.</param>
    /// <param name="time">The clock.</param>
    public RunCheckpoints(RunSetup setup, EpochPlan plan, RunControl control, RunMonitor monitor, RunClock clock, TimeProvider time)
    {
        (_setup, _plan, _control, _monitor, _clock, _time) = (setup, plan, control, monitor, clock, time);
        (_store, _saved) = (new CheckpointStore(setup.Folder), time.GetTimestamp());
        State = new RunState { TeacherId = setup.UsesTeacher ? setup.Teacher?.Id : null, Dataset = setup.Dataset.Checksum() };
    }

    /// <summary>The current state. It has time and use of the teacher before this process; <see cref="Capture"/> adds those of this process.</summary>
    public RunState State { get; set; }

    /// <summary>Whether a checkpoint within an epoch is due.</summary>
    public bool IsDue => _time.GetElapsedTime(_saved) >= _setup.Configuration.Run.CheckpointEvery;

    /// <summary>Restores the run from its last checkpoint.</summary>
    /// <returns>Whether there was one.</returns>
    /// <exception cref="TrainingException">The checkpoint belongs to another teacher or dataset.</exception>
    public bool Resume(Student student)
    {
        if (_store.Load(_monitor.Note) is not var (state, checkpoint))
            return false;
        CheckOrigin(state);
        student.Restore(state.Steps, checkpoint);
        _plan.Restore(checkpoint, state.Target is null ? null : Target.Parser.ParseJson(state.Target), state.InForce, state.Step > 0, state.AgentRun);
        State = state;
        if (state.Coming is { } coming)
            _control.Set(coming);
        if (_setup.Folder.TruncateMetrics(state.Epoch) is var lines && lines < state.Epoch)
            _monitor.Note(
                $"{RunFolder.MetricsFile} has {lines} of {state.Epoch} finished epochs, probably after a power failure; "
                    + "charts lack the others, the student does not"
            );
        return true;
    }

    /// <summary>Saves a checkpoint.</summary>
    /// <param name="student">The student.</param>
    /// <param name="sums">Sums over the epoch so far; null: those of the state.</param>
    public void Save(Student student, EpochSums? sums = null) => Save(Capture(student, sums ?? State.Sums));

    /// <summary>Saves what was captured.</summary>
    public void Save(Captured captured)
    {
        _store.Save(captured.State, captured.Tensors);
        _saved = _time.GetTimestamp();
    }

    /// <summary>Copies what a checkpoint has.</summary>
    /// <param name="student">The student.</param>
    /// <param name="sums">Sums over the epoch so far.</param>
    public Captured Capture(Student student, EpochSums sums)
    {
        var tensors = student.Capture();
        _plan.Save(tensors);
        var reading = _clock.Read();
        return new Captured(
            State with
            {
                Steps = student.Steps,
                Sums = sums,
                Usage = State.Usage + reading.Usage,
                Seconds = State.Seconds + reading.Time.TotalSeconds,
                Target = _plan.Target?.ToString(),
                AgentRun = _plan.AgentRun,
                InForce = _plan.Manual,
                Coming = _control.Manual,
            },
            tensors
        );
    }

    private void CheckOrigin(RunState state)
    {
        var folder = _setup.Folder.Path;
        if (state.TeacherId != State.TeacherId)
            throw new TrainingException(
                $"The run in '{folder}' used the teacher {state.TeacherId}, but now {State.TeacherId} is served. Start the same teacher (weights,"
                    + " precision, Teacher:Engine, Batching:MaxBatch, Cache:TopK), or start over with Run:Resume=never or another Run:Id."
            );
        if (state.Dataset is { } dataset && dataset != State.Dataset)
            throw new TrainingException(
                $"The pictures or classes in Dataset:Path have changed since the run in '{folder}' was started, and its difficulties and order belong to the"
                    + " old ones. Restore them, or start over with Run:Resume=never or another Run:Id."
            );
    }

    /// <summary>The content of a checkpoint.</summary>
    /// <param name="State">The state.</param>
    /// <param name="Tensors">Copies of the tensors.</param>
    internal sealed record Captured(RunState State, IReadOnlyDictionary<string, TensorData> Tensors);
}
