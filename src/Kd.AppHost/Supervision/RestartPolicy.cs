namespace Kd.AppHost.Supervision;

/// <summary>Decides whether a process that ended is started again, and after which pause.</summary>
internal sealed class RestartPolicy
{
    private const int MostQuickFailures = 5;
    private static readonly TimeSpan s_longLife = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(30);
    private int _quickFailures;

    /// <summary>The pause before the next start, or null to give up.</summary>
    /// <param name="exitCode">The exit code of the process.</param>
    /// <param name="lifetime">How long it ran.</param>
    public TimeSpan? NextPause(int exitCode, TimeSpan lifetime)
    {
        // A restart cannot mend wrong settings, data or weights.
        if (exitCode == Settings.RunSettings.UsageError)
            return null;
        _quickFailures = lifetime >= s_longLife ? 1 : _quickFailures + 1;
        if (_quickFailures > MostQuickFailures)
            return null;
        var pause = TimeSpan.FromSeconds(Math.Pow(2, _quickFailures - 1));
        return pause < s_longestPause ? pause : s_longestPause;
    }
}
