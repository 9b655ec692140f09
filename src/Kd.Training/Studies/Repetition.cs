namespace Kd.Training.Studies;

/// <summary>Runs an action now and every second in the background, one at a time, until it is disposed.</summary>
internal sealed class Repetition : IDisposable
{
    private readonly PeriodicTimer _timer;
    private readonly Task _task;

    /// <param name="action">Reads and writes files. Where that fails, the next second tries again.</param>
    /// <param name="time">The clock.</param>
    public Repetition(Action action, TimeProvider time)
    {
        _timer = new PeriodicTimer(StudyOrders.Interval, time);
        _task = Task.Run(async () =>
        {
            do
            {
                Try(action);
            } while (await _timer.WaitForNextTickAsync());
        });
    }

    /// <summary>Runs an action on files that are worth nothing after a crash. Where a disk is full, for example, the run itself says so.</summary>
    public static void Try(Action action)
    {
        try
        {
            action();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // See above.
        }
    }

    public void Dispose()
    {
        _timer.Dispose();
        _task.GetAwaiter().GetResult();
    }
}
