using System.Net;
using System.Security.Cryptography;
using Garnet;
using Garnet.server;
using Garnet.server.Auth.Settings;
using Tsavorite.core;

namespace Aspire.Hosting.Cache;

/// <summary>A Garnet server in this process, on loopback, with a generated password; with a folder, what it has outlives it, however it ends.</summary>
internal sealed class EmbeddedGarnet : IDisposable
{
    private readonly GarnetServer _server;
    private readonly FileStream? _lock;

    private EmbeddedGarnet(GarnetServer server, string connectionString, FileStream? folderLock) => (_server, ConnectionString, _lock) = (server, connectionString, folderLock);

    public string ConnectionString { get; }

    /// <summary>Whether what it has outlives it.</summary>
    public bool IsPersistent => _lock is not null;

    /// <param name="port">On loopback.</param>
    /// <param name="folder">Where entries are kept, or null: in memory only.</param>
    /// <param name="note">Told why the folder cannot be used; then entries are in memory only.</param>
    public static EmbeddedGarnet Start(int port, string? folder, Action<string> note)
    {
        var password = RandomNumberGenerator.GetHexString(32);
        var connectionString = $"127.0.0.1:{port},password={password}";
        if (string.IsNullOrEmpty(folder) || TryLock(folder, note) is not { } folderLock)
            return new EmbeddedGarnet(Start(Options(port, password)), connectionString, null);
        try
        {
            return new EmbeddedGarnet(Start(Persistent(Options(port, password), folder)), connectionString, folderLock);
        }
        catch (Exception error)
        {
            // Whatever is wrong in there: a cache can be made again, so it must not keep a run from starting.
            folderLock.Dispose();
            note($"what the cache kept in '{folder}' cannot be used ({error.Message.Split('\n')[0]}); delete the folder to begin anew. This time the cache is in memory only.");
            return new EmbeddedGarnet(Start(Options(port, password)), connectionString, null);
        }
    }

    public void Dispose()
    {
        _server.Dispose();
        _lock?.Dispose();
    }

    private static GarnetServer Start(GarnetServerOptions options)
    {
        var server = new GarnetServer(options);
        server.Start();
        return server;
    }

    private static GarnetServerOptions Options(int port, string password) => new()
    {
        EndPoints = [new IPEndPoint(IPAddress.Loopback, port)],
        AuthSettings = new PasswordAuthenticationSettings(password),
        LogMemorySize = "1g",
        PageSize = "4m",
        IndexMemorySize = "64m",
        QuietMode = true,
    };

    // Entries go to an append-only file within a fifth of a second, which a checkpoint cuts short now and then; those that do not fit into memory are read from disk.
    private static GarnetServerOptions Persistent(GarnetServerOptions options, string folder)
    {
        options.EnableStorageTier = true;
        options.LogDir = folder;
        options.CheckpointDir = folder;
        options.EnableAOF = true;
        options.CommitFrequencyMs = 200;
        options.AofPageSize = "8m";
        options.AofMemorySize = "16m";
        options.AofSizeLimit = "512m";
        options.Recover = true;
        // The native device needs libaio, which not every machine has.
        options.DeviceType = DeviceType.RandomAccess;
        return options;
    }

    private static FileStream? TryLock(string folder, Action<string> note)
    {
        try
        {
            Directory.CreateDirectory(folder);
            return new FileStream(Path.Combine(folder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            note($"the cache folder '{folder}' cannot be used ({error.Message}); another AppHost may have it. This time the cache is in memory only; --Cache:Folder names another folder.");
            return null;
        }
    }
}
