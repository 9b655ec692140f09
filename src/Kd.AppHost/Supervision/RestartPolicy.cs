namespace Kd.AppHost.Supervision;

/// <summary>Decides whether and when a process that exited is restarted.</summary>
internal sealed class RestartPolicy
{
    private const int MaxQuickFailures = 5;
    private static readonly TimeSpan s_longLifetime = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_maxPause = TimeSpan.FromSeconds(30);
    private int _quickFailures;

    /// <summary>Computes the pause before the next start; null to give up.</summary>
    /// <param name="exitCode">The exit code of the process.</param>
    /// <param name="lifetime">Time that the process ran.</param>
    public TimeSpan? NextPause(int exitCode, TimeSpan lifetime)
    {
        // A restart cannot correct wrong settings, data or weights.
        if (exitCode == Settings.RunSettings.UsageError)
            return null;
        _quickFailures = lifetime >= s_longLifetime ? 1 : _quickFailures + 1;
        if (_quickFailures > MaxQuickFailures)
            return null;
        var pause = TimeSpan.FromSeconds(Math.Pow(2, _quickFailures - 1));
        return pause < s_maxPause ? pause : s_maxPause;
    }
}
