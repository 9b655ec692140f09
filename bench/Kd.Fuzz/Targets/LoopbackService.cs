using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;

namespace Kd.Fuzz.Targets;

/// <summary>A service in this process, on a port of loopback that the system chooses.</summary>
internal static class LoopbackService
{
    /// <summary>The services' key.</summary>
    public const string Key = "a-key-that-only-fuzzing-uses";

    /// <summary>Starts a service that logs nothing.</summary>
    /// <returns>The service, and its first address.</returns>
    public static (WebApplication Service, Uri Address) Start(Func<string[], WebApplication> build, params string[] settings)
    {
        var service = build(["--urls=http://127.0.0.1:0", $"--Service:Key={Key}", "--Logging:LogLevel:Default=None", .. settings]);
        service.StartAsync().GetAwaiter().GetResult();
        return (service, new Uri(service.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()));
    }
}
