using Kd.Training.Artifacts;
using Kd.Training.Control;
using Kd.Training.Curriculum;
using Kd.Training.Diagnostics;

namespace Kd.Training.Runs;

/// <summary>Executes single training runs.</summary>
/// <param name="agent">The curriculum agent.</param>
/// <param name="monitor">Shows the runs.</param>
/// <param name="control">Controls the runs.</param>
/// <param name="instruments">Instruments of training.</param>
/// <param name="time">The clock.</param>
/// <param name="log">Receives the log messages.</param>
internal sealed class Trainer(
    CurriculumClient agent,
    RunMonitor monitor,
    RunControl control,
    TrainingMetrics instruments,
    TimeProvider time,
    ILogger<Trainer> log
)
{
    /// <summary>Trains and tests a student; continues a run that was started before.</summary>
    /// <exception cref="RunStoppedException">The run was stopped after an epoch.</exception>
    public RunResult Train(RunSetup setup, CancellationToken cancellation) =>
        new TrainingRun(setup, agent, monitor, control, instruments, time, log).Execute(cancellation);
}
