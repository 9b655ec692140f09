using Kd.ServiceDefaults.Settings;

namespace Kd.TeacherService.Hosting;

/// <summary>Ends the process when its passes hang, keep failing or have ended: a new process, which the host starts, may serve again.</summary>
internal sealed class PassWatchdog(TeacherHost teacher, RunOutcome outcome, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<PassWatchdog> logger)
    : BackgroundService
{
    private const int Crash = 1;
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(s_interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            if (teacher.Problem is not { } problem)
                continue;
            logger.CannotServe(problem);
            outcome.ExitCode = Crash;
            lifetime.StopApplication();
            return;
        }
    }
}
