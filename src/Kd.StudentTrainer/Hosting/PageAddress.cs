using Kd.ServiceDefaults.Security;
using Kd.Settings;
using Kd.Training.Control;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;

namespace Kd.StudentTrainer.Hosting;

/// <summary>Shows the address of the run page, with its token, of a trainer that was started without the host, which shows it itself.</summary>
internal sealed class PageAddress(
    IServer server,
    IConfiguration configuration,
    IOptions<ServiceKeyOptions> key,
    RunMonitor monitor,
    IHostApplicationLifetime lifetime
) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (configuration[SharedNames.HostStart] is null)
            lifetime.ApplicationStarted.Register(Show);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private void Show()
    {
        if (server.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault() is { } address)
            monitor.Note($"Run page: {PageToken.AddTo(address + "/", PageToken.Of(key.Value.Key))}");
    }
}
