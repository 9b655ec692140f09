namespace Kd.AppHost.Supervision;

/// <summary>Follows the processes of one replica of a service, of which at most one lives.</summary>
internal sealed class Replica
{
    private long? _started;
    private DateTime? _ended;
    private bool _isStoppedByUser;

    /// <summary>Decides when it is started again.</summary>
    public RestartPolicy Policy { get; } = new();

    /// <summary>Takes note of a state that Aspire tells.</summary>
    /// <param name="state">The state.</param>
    /// <param name="stopped">When the last process ended; null if none has.</param>
    /// <param name="now">Timestamp.</param>
    /// <returns>Timestamp of the start of a process that has just ended by itself; else null.</returns>
    public long? Follow(string? state, DateTime? stopped, long now)
    {
        if (state == KnownResourceStates.Stopping)
            _isStoppedByUser = true;
        else if (KnownResourceStates.TerminalStates.Contains(state))
            return End(stopped);
        else if (_started is null && (state == KnownResourceStates.Starting || state == KnownResourceStates.Running))
            (_started, _isStoppedByUser) = (now, false);
        return null;
    }

    private long? End(DateTime? stopped)
    {
        // The end of the process before may be told again after the next one has started.
        if (stopped is not null && stopped == _ended)
            return null;
        var started = _isStoppedByUser ? null : _started;
        (_started, _ended) = (null, stopped);
        return started;
    }
}
