using System.Net;
using System.Net.Sockets;
using Garnet;
using Garnet.server;
using Garnet.server.Auth.Settings;
using Kd.Core.Files;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;
using Tsavorite.core;

namespace Kd.Cache;

/// <summary>Runs Garnet, a Redis-compatible server, on loopback. If a folder is set, the entries survive restarts, even after a kill.</summary>
internal sealed class CacheServer(IOptions<CacheServerOptions> options, ILogger<CacheServer> logger) : IHostedService, IDisposable
{
    private readonly CacheServerOptions _options = options.Value;
    private GarnetServer? _server;
    private FileStream? _lock;

    /// <summary>Whether the entries survive a restart.</summary>
    public bool IsPersistent => _lock is not null;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (_options.Folder is not { Length: > 0 } folder || !TryStart(folder))
        {
            _server = Start(MemoryOptions());
            logger.ServingFromMemory(_options.Port);
        }
        else
        {
            logger.ServingFromFolder(_options.Port, folder);
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        _server?.Dispose();
        _server = null;
        _lock?.Dispose();
        _lock = null;
    }

    // A cache can be refilled, so a problem with its folder must not prevent a run.
    private bool TryStart(string folder)
    {
        try
        {
            PrivateFolder.Create(folder);
            _lock = new FileStream(Path.Combine(folder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            logger.FolderUnusable(folder, error.Message);
            return false;
        }

        try
        {
            _server = Start(FolderOptions(folder));
            return true;
        }
        catch (Exception error) when (error is not IOException { InnerException: AddressInUseException })
        {
            _lock.Dispose();
            _lock = null;
            logger.EntriesUnreadable(folder, error.Message.Split('\n')[0]);
            return false;
        }
    }

    private static GarnetServer Start(GarnetServerOptions options)
    {
        var endpoint = (IPEndPoint)options.EndPoints[0];
        try
        {
            var server = new GarnetServer(options);
            server.Start();
            return server;
        }
        catch (SocketException error) when (error.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            throw new IOException($"The cache's port {endpoint.Port} is in use.", new AddressInUseException(error.Message, error));
        }
    }

    private GarnetServerOptions MemoryOptions() =>
        new()
        {
            EndPoints = [new IPEndPoint(IPAddress.Loopback, _options.Port)],
            AuthSettings = new PasswordAuthenticationSettings(_options.Password),
            LogMemorySize = "1g",
            PageSize = "4m",
            IndexMemorySize = "64m",
            QuietMode = true,
        };

    // Entries reach an append-only file within 200 ms, and checkpoints keep that file short. Entries that do not fit in memory are read from disk.
    private GarnetServerOptions FolderOptions(string folder)
    {
        var server = MemoryOptions();
        server.EnableStorageTier = true;
        server.LogDir = folder;
        server.CheckpointDir = folder;
        server.EnableAOF = true;
        server.CommitFrequencyMs = 200;
        server.AofPageSize = "8m";
        server.AofMemorySize = "16m";
        server.AofSizeLimit = "512m";
        server.Recover = true;
        // The native device needs libaio, which some machines lack.
        server.DeviceType = DeviceType.RandomAccess;
        return server;
    }
}
