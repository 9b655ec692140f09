using Kd.ServiceDefaults.Memory;
using Kd.ServiceDefaults.Settings;
using Kd.Settings;
using Kd.Training.Configuration;
using Kd.Training.Control;
using Kd.Training.Diagnostics;
using Kd.Training.Queue;
using Kd.Training.Tasks;

namespace Kd.StudentTrainer.Hosting;

/// <summary>Runs the task of the command line, then the runs from the page, and then stops the process.</summary>
internal sealed class TrainerJob : BackgroundService
{
    private const int InternalError = 1;
    private readonly RunConfiguration _configuration;
    private readonly RunConfigurationReader _reader;
    private readonly TaskRunner _tasks;
    private readonly RunQueue _queue;
    private readonly RunControl _control;
    private readonly RunMonitor _monitor;
    private readonly RunOutcome _outcome;
    private readonly IHostApplicationLifetime _lifetime;
    private readonly ILogger<TrainerJob> _logger;

    /// <param name="configuration">Settings of the command line.</param>
    /// <param name="reader">Reads the settings of runs from the page.</param>
    /// <param name="tasks">Runs tasks.</param>
    /// <param name="queue">The runs from the page.</param>
    /// <param name="control">Controls the current run.</param>
    /// <param name="monitor">Shows the progress.</param>
    /// <param name="outcome">Gets the exit code.</param>
    /// <param name="lifetime">Stops the process.</param>
    /// <param name="logger">Gets the log messages.</param>
    public TrainerJob(
        RunConfiguration configuration,
        RunConfigurationReader reader,
        TaskRunner tasks,
        RunQueue queue,
        RunControl control,
        RunMonitor monitor,
        RunOutcome outcome,
        IHostApplicationLifetime lifetime,
        ILogger<TrainerJob> logger
    )
    {
        (_configuration, _reader, _tasks, _queue, _control) = (configuration, reader, tasks, queue, control);
        (_monitor, _outcome, _lifetime, _logger) = (monitor, outcome, lifetime, logger);
    }

    private bool Stays => _configuration.Run.Stay || _configuration.Run.Task == RunOptions.Serve;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Wait until the web server is bound: a task that fails earlier would cancel the start, which looks like a crash.
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using (_lifetime.ApplicationStarted.Register(() => started.TrySetResult()))
        using (stoppingToken.Register(() => started.TrySetResult()))
            await started.Task;
        if (stoppingToken.IsCancellationRequested)
            return;
        // A dedicated thread: steps must not wait for the thread pool, nor block one of its threads for hours.
        await Task.Factory.StartNew(() => RunAll(stoppingToken), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        _lifetime.StopApplication();
    }

    private void RunAll(CancellationToken cancellation)
    {
        try
        {
            foreach (var runs in _queue.Runs.GroupBy(run => run.Failure is null))
                _monitor.Note($"runs that {(runs.Key ? "are still waiting" : "have failed")}: {string.Join(", ", runs.Select(run => run.Id))}");
            // Until the work is done, so that the host restarts a process that was killed before.
            _outcome.ExitCode = InternalError;
            var hasCommand = _configuration.Run.Task != RunOptions.Serve && !_queue.IsCommandDone;
            if (hasCommand && Attempt(CommandSettings, _queue.MarkCommandRun, cancellation) is { } failure)
            {
                _outcome.ExitCode = failure.Code;
                return;
            }

            _queue.MarkCommandDone();
            RunQueued(cancellation);
            _outcome.ExitCode = 0;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The message has already been shown, or nothing was running.
            _queue.ReleaseCurrent();
        }
        catch (Exception error) when (ServiceProgram.FindUserError(error) is { } message)
        {
            _outcome.ExitCode = ServiceProgram.UsageError;
            _monitor.Error(message);
        }
    }

    private void RunQueued(CancellationToken cancellation)
    {
        while (_queue.Next(Stays, ShowWaiting, cancellation) is { } run)
        {
            _outcome.ExitCode = InternalError;
            _monitor.Note($"run {run.Id}, started from the page");
            // A failed run must not stop the queue or the page.
            var failure = Attempt(() => _reader.Read(run.AllSettings()), _ => { }, cancellation);
            // The next run may be hours away, and gaps that it does not fill would add up.
            NativeHeap.TryTrim();
            _queue.CompleteCurrent(failure?.Message);
        }

        void ShowWaiting()
        {
            if (_monitor.Status.Method is null)
                _monitor.End("waiting");
            _monitor.Note("the trainer stays available for runs started from its page; press Ctrl-C to stop it");
            _outcome.ExitCode = 0;
        }
    }

    // A process that the host starts again continues what the one before it began, even if that was to start over (Run:Resume=never).
    private RunConfiguration CommandSettings() =>
        _queue.CommandRun is { } id ? _configuration with { Run = _configuration.Run.Continuing(id) } : _configuration;

    /// <returns>The exit code that the process would have and the reason; null if it has not failed.</returns>
    private (int Code, string Message)? Attempt(Func<RunConfiguration> settings, Action<string> begun, CancellationToken cancellation)
    {
        try
        {
            _control.BeginRun();
            _tasks.Execute(settings(), begun, cancellation);
            _monitor.End("finished");
            return null;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            _monitor.Note("stopped before its end; the same command continues it");
            throw;
        }
        catch (RunStoppedException stopped)
        {
            _monitor.End("stopped");
            _monitor.Note(stopped.Message);
            return null;
        }
        catch (Exception error)
        {
            _monitor.End("failed");
            if (ServiceProgram.FindUserError(error) is { } message)
            {
                _monitor.Error(message);
                return (ServiceProgram.UsageError, message);
            }

            using (_tasks.RunId is { } id ? _logger.BeginRun(id) : null)
                _logger.RunFailed(error);
            return (InternalError, $"{error.GetType().Name}: {error.Message}");
        }
    }
}
