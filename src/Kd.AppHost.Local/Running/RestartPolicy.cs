namespace Aspire.Hosting.Running;

/// <summary>When a process that ended is started again, and after which pause.</summary>
internal sealed class RestartPolicy
{
    /// <summary>Exit code of a mistake that a restart cannot mend (wrong settings, data or weights).</summary>
    public const int UsageError = 2;

    private const int MostQuickFailures = 5;
    private static readonly TimeSpan s_longLife = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(30);
    private int _quickFailures;

    /// <summary>The pause before the next start, or null where there is none.</summary>
    /// <param name="exitCode">How the process ended.</param>
    /// <param name="lived">How long it ran.</param>
    public TimeSpan? NextPause(int exitCode, TimeSpan lived)
    {
        if (exitCode == UsageError)
            return null;
        _quickFailures = lived >= s_longLife ? 1 : _quickFailures + 1;
        if (_quickFailures > MostQuickFailures)
            return null;
        var pause = TimeSpan.FromSeconds(Math.Pow(2, _quickFailures - 1));
        return pause < s_longestPause ? pause : s_longestPause;
    }
}
