using System.Diagnostics;
using StackExchange.Redis;

namespace Kd.TeacherService.Cache;

/// <summary>Connects to Redis in the background and reconnects by itself, so that neither the start nor a call waits for an unavailable server.</summary>
internal sealed class RedisConnection : IHostedService, IDisposable
{
    /// <summary>Keys that are never set, for testing whether the server answers.</summary>
    public static readonly RedisKey[] Probe = ["kd:probe:0", "kd:probe:1"];

    private static readonly TimeSpan s_startPatience = TimeSpan.FromSeconds(5),
        s_answerPatience = TimeSpan.FromSeconds(2),
        s_poll = TimeSpan.FromMilliseconds(50);
    private readonly Task<ConnectionMultiplexer> _connecting;

    /// <param name="connection">A StackExchange.Redis connection string.</param>
    public RedisConnection(string connection)
    {
        var options = ConfigurationOptions.Parse(connection);
        options.AbortOnConnectFail = false;
        options.BacklogPolicy = BacklogPolicy.FailFast;
        options.ConnectTimeout = 2000;
        options.AsyncTimeout = 1000;
        options.SyncTimeout = 1000;
        options.ReconnectRetryPolicy = new LinearRetry(500);
        _connecting = ConnectionMultiplexer.ConnectAsync(options);
    }

    /// <summary>The database, or null while there is no connection.</summary>
    public IDatabase? Database => _connecting.IsCompletedSuccessfully && _connecting.Result.IsConnected ? _connecting.Result.GetDatabase() : null;

    // A server that is starting beside this process is there in seconds; the first look-ups should be able to use it, with the client's code compiled.
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            for (var started = Stopwatch.GetTimestamp(); Database is null && Stopwatch.GetElapsedTime(started) < s_startPatience; )
                await Task.Delay(s_poll, cancellationToken);
            for (var i = 0; i < 3 && Database is { } database; i++)
                await database.StringGetAsync(Probe).WaitAsync(s_answerPatience, cancellationToken);
        }
        catch (Exception error) when (error is TimeoutException or RedisException)
        {
            // The calls will report it.
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() =>
        _ = _connecting.ContinueWith(
            connecting => connecting.Result.Dispose(),
            CancellationToken.None,
            TaskContinuationOptions.OnlyOnRanToCompletion,
            TaskScheduler.Default
        );
}
