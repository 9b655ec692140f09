using StackExchange.Redis;

namespace Kd.TeacherService.Cache;

/// <summary>The connection to Redis. It is made in the background and comes back by itself, so that neither the start nor a call waits for a server that is away.</summary>
internal sealed class RedisConnection : IHostedService, IDisposable
{
    private static readonly TimeSpan s_startPatience = TimeSpan.FromSeconds(2);
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

    /// <summary>The database, or null while it is away.</summary>
    public IDatabase? Database => _connecting.IsCompletedSuccessfully && _connecting.Result.IsConnected ? _connecting.Result.GetDatabase() : null;

    // A server that is there answers in milliseconds, and the first look-ups should find it.
    public Task StartAsync(CancellationToken cancellationToken) => Task.WhenAny(_connecting, Task.Delay(s_startPatience, cancellationToken));

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _ = _connecting.ContinueWith(connecting => connecting.Result.Dispose(), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
}
