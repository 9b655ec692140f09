using Kd.ServiceDefaults.Settings;
using Kd.StudentTrainer.Progress;
using Kd.StudentTrainer.Queue;
using Kd.StudentTrainer.Steering;

namespace Kd.StudentTrainer.Runs;

/// <summary>Does the work of the process: what the command asks for, then the runs that are asked for on the page; then ends the process.</summary>
internal sealed class TrainerJob(
    RunConfiguration configuration,
    RunConfigurationReader reader,
    RunWork work,
    RunQueue queue,
    RunControl control,
    ConsoleProgress progress,
    RunOutcome outcome,
    IHostApplicationLifetime lifetime,
    ILogger<TrainerJob> logger
) : BackgroundService
{
    private const int InternalError = 1;

    private bool Stays => configuration.Run.Stay || configuration.Run.Task == RunOptions.Serve;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Not before the web server is bound: an end that comes sooner, by a user's mistake, would cancel the start and read like a crash.
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using (lifetime.ApplicationStarted.Register(() => started.TrySetResult()))
        using (stoppingToken.Register(() => started.TrySetResult()))
            await started.Task;
        if (stoppingToken.IsCancellationRequested)
            return;
        // A thread of its own: steps must not wait for the thread pool, nor hold one of its threads for hours.
        await Task.Factory.StartNew(() => RunAll(stoppingToken), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        lifetime.StopApplication();
    }

    private void RunAll(CancellationToken cancellation)
    {
        try
        {
            if (queue.Runs is { Count: > 0 } waiting)
                progress.Note($"runs that wait from before: {string.Join(", ", waiting.Select(run => run.Id))}");
            // Until its work is done: a host starts a process again that was made to end before.
            outcome.ExitCode = InternalError;
            if (configuration.Run.Task != RunOptions.Serve && !queue.IsCommandDone && Attempt(() => configuration, cancellation) is var code and not 0)
            {
                outcome.ExitCode = code;
                return;
            }

            queue.EndCommand();
            while (queue.Next(Stays, Wait, cancellation) is { } run)
            {
                outcome.ExitCode = InternalError;
                progress.Note($"run {run.Id}, started from the page");
                // What is wrong with one run ends neither the next one nor the page.
                Attempt(() => reader.Read(run.Settings), cancellation);
                queue.EndCurrent();
            }

            outcome.ExitCode = 0;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The message is out already, or there was no work under way.
        }
        catch (Exception error) when (ServiceProgram.FindUserError(error) is { } message)
        {
            outcome.ExitCode = ServiceProgram.UsageError;
            progress.Error(message);
        }

        void Wait()
        {
            if (progress.Status.Method is null)
                progress.Ends("waiting");
            progress.Note("the trainer stays for runs that are started from its page; Ctrl-C ends it");
            outcome.ExitCode = 0;
        }
    }

    /// <returns>The exit code that the process would have.</returns>
    private int Attempt(Func<RunConfiguration> settings, CancellationToken cancellation)
    {
        try
        {
            control.Begin();
            work.Execute(settings(), cancellation);
            progress.Ends("finished");
            return 0;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            progress.Note("stopped before its end; the same command starts it again");
            throw;
        }
        catch (RunStoppedException stopped)
        {
            progress.Ends("stopped");
            progress.Note(stopped.Message);
            return 0;
        }
        catch (Exception error)
        {
            progress.Ends("failed");
            if (ServiceProgram.FindUserError(error) is { } message)
            {
                progress.Error(message);
                return ServiceProgram.UsageError;
            }

            using (work.RunId is { } id ? logger.BeginRun(id) : null)
                logger.RunFailed(error);
            return InternalError;
        }
    }
}
