using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Kd.ServiceDefaults.Endpoints;

/// <summary>Ends this process with the host that started it: the host keeps this process's standard input open, and its end, however it comes, closes it.</summary>
internal sealed class HostLifeline(IHostApplicationLifetime lifetime) : IHostedService
{
    private const string Variable = "KD_LIFELINE";
    private static readonly TimeSpan s_grace = TimeSpan.FromSeconds(3);
    private static readonly CancellationTokenSource s_hostGone = new();

    /// <summary>Watches standard input where the host asks for it. From then on the process lives at most the grace time longer than its host.</summary>
    public static void Attach(IServiceCollection services)
    {
        if (Environment.GetEnvironmentVariable(Variable) != "stdin")
            return;
        // A thread of its own: it must answer also while the process is still loading or its thread pool is busy.
        new Thread(Watch) { IsBackground = true, Name = "host lifeline" }.Start();
        services.AddHostedService<HostLifeline>();
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        s_hostGone.Token.Register(lifetime.StopApplication);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static void Watch()
    {
        using var input = Console.OpenStandardInput();
        var buffer = new byte[16];
        while (input.Read(buffer) > 0)
        {
        }

        ThreadPool.QueueUserWorkItem(_ => s_hostGone.Cancel());
        using var never = new ManualResetEvent(false);
        never.WaitOne(s_grace);
        Process.GetCurrentProcess().Kill();
    }
}
