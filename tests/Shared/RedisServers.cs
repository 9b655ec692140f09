#if KD_SERVICES && KD_REDIS
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Garnet;
using Garnet.server;

namespace Kd.Tests;

/// <summary>Runs a server of the Redis protocol that a test can stop and restart on the same port.</summary>
internal sealed class RedisServer : IDisposable
{
    private readonly bool _garnet;
    private GarnetServer? _embedded;
    private Process? _process;

    private readonly string[] _arguments;

    private RedisServer(bool garnet, string[] arguments) => (_garnet, _arguments) = (garnet, arguments);

    public int Port { get; } = RunningService.FreePort();

    /// <summary>Starts <c>garnet</c> (embedded) or <c>redis-server</c> (skips the test if it is not installed).</summary>
    /// <param name="kind">garnet or redis-server.</param>
    /// <param name="arguments">Further arguments of redis-server.</param>
    public static RedisServer Start(string kind, params string[] arguments)
    {
        var server = Create(kind, arguments);
        server.Start();
        return server;
    }

    /// <summary>Creates a server without starting it.</summary>
    public static RedisServer Create(string kind, params string[] arguments)
    {
        Assert.SkipUnless(kind == "garnet" || FindRedis() is not null, "needs redis-server, which is not on this machine (apt-get install redis-server)");
        return new RedisServer(kind == "garnet", arguments);
    }

    public void Start()
    {
        if (_garnet)
        {
            _embedded = new GarnetServer(
                new GarnetServerOptions
                {
                    EndPoints = [new IPEndPoint(IPAddress.Loopback, Port)],
                    LogMemorySize = "64m",
                    IndexMemorySize = "1m",
                    QuietMode = true,
                }
            );
            _embedded.Start();
            return;
        }

        _process = Process.Start(
            new ProcessStartInfo(FindRedis()!, ["--port", $"{Port}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", .. _arguments])
            {
                RedirectStandardOutput = true,
            }
        )!;
        var deadline = Stopwatch.StartNew();
        while (!Answers() && deadline.Elapsed < TimeSpan.FromSeconds(10))
            Task.Delay(50).Wait();
    }

    public void Stop()
    {
        _embedded?.Dispose();
        _embedded = null;
        _process?.Kill();
        _process?.WaitForExit();
        _process = null;
    }

    public void Dispose() => Stop();

    private static string? FindRedis() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator)
            .Select(folder => Path.Combine(folder, "redis-server"))
            .FirstOrDefault(File.Exists);

    private bool Answers()
    {
        try
        {
            using var client = new TcpClient("127.0.0.1", Port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
#endif
