using System.Net;
using System.Security.Cryptography;
using Garnet;
using Garnet.server;
using Garnet.server.Auth.Settings;

namespace Aspire.Hosting.Cache;

/// <summary>A Garnet server in this process, on loopback, with a generated password.</summary>
internal sealed class EmbeddedGarnet : IDisposable
{
    private readonly GarnetServer _server;

    private EmbeddedGarnet(GarnetServer server, string connectionString) => (_server, ConnectionString) = (server, connectionString);

    public string ConnectionString { get; }

    public static EmbeddedGarnet Start(int port)
    {
        var password = RandomNumberGenerator.GetHexString(32);
        var server = new GarnetServer(new GarnetServerOptions
        {
            EndPoints = [new IPEndPoint(IPAddress.Loopback, port)],
            AuthSettings = new PasswordAuthenticationSettings(password),
            LogMemorySize = "1g",
            IndexMemorySize = "64m",
            QuietMode = true,
        });
        server.Start();
        return new EmbeddedGarnet(server, $"127.0.0.1:{port},password={password}");
    }

    public void Dispose() => _server.Dispose();
}
