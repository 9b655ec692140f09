using System.Diagnostics;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Running;

/// <summary>Keeps one replica of a project running: starts it, watches its health, starts it again.</summary>
internal sealed class ReplicaRunner(ProjectResource project, int replica, PrefixedOutput output, TimeProvider time)
{
    private static readonly TimeSpan s_grace = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan s_poll = TimeSpan.FromMilliseconds(100);
    private static readonly HttpClient s_http = new() { Timeout = TimeSpan.FromSeconds(5) };
    private static readonly string s_start = Guid.NewGuid().ToString("N");
    private readonly TaskCompletionSource _healthy = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What messages call it.</summary>
    public string Name => project.Replicas == 1 ? project.Name : $"{project.Name}-{replica}";

    /// <summary>Completes when the replica was healthy for the first time.</summary>
    public Task Healthy => _healthy.Task;

    /// <summary>Runs the replica until it has ended for good.</summary>
    /// <param name="endsByItself">True for a project whose end (with exit code 0) is the aim of the application.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>The last exit code; 0 where it was stopped.</returns>
    public async Task<int> RunAsync(bool endsByItself, CancellationToken cancellation)
    {
        var policy = new RestartPolicy();
        while (true)
        {
            var started = time.GetTimestamp();
            var exitCode = await RunOnceAsync(cancellation);
            if (cancellation.IsCancellationRequested || (endsByItself && exitCode == 0))
                return 0;
            if (policy.NextPause(exitCode, time.GetElapsedTime(started)) is not { } pause)
            {
                output.Write("host", $"{Name} ended with exit code {exitCode}{(exitCode == RestartPolicy.UsageError ? "; its message is above" : ", again and again; giving up")}");
                return exitCode == 0 ? 1 : exitCode;
            }

            output.Write("host", $"{Name} ended with exit code {exitCode}; starting it again in {pause.TotalSeconds:F0} s");
            try
            {
                await Task.Delay(pause, time, cancellation);
            }
            catch (OperationCanceledException)
            {
                return 0;
            }
        }
    }

    private async Task<int> RunOnceAsync(CancellationToken cancellation)
    {
        using var child = ChildProcess.Start(project.AssemblyPath, Variables(), line => output.Write(Name, line));
        using var ended = new CancellationTokenSource();
        var watching = WatchHealthAsync(ended.Token);
        var end = child.WaitAsync();
        using (cancellation.Register(() => _ = child.StopAsync(s_grace)))
            await end;
        await ended.CancelAsync();
        await watching;
        return await end;
    }

    private Dictionary<string, string> Variables()
    {
        var variables = new Dictionary<string, string>();
        foreach (var set in project.Environment)
            set(variables);
        variables["ASPNETCORE_URLS"] = string.Join(';', project.Endpoints.Select(endpoint => $"http://localhost:{endpoint.Ports[replica]}"));
        foreach (var endpoint in project.Endpoints.Where(endpoint => endpoint.PortVariable is not null))
            variables[endpoint.PortVariable!] = endpoint.Ports[replica].ToString(System.Globalization.CultureInfo.InvariantCulture);
        // Its lines go through a pipe; this tells it that a terminal shows them.
        if (output.IsTerminal)
            variables["KD_TERMINAL"] = "host";
        // The same for a process that is started again: it knows then that it is not the first.
        variables["KD_START"] = s_start;
        variables["OTEL_SERVICE_NAME"] = project.Name;
        variables["OTEL_RESOURCE_ATTRIBUTES"] = $"service.instance.id={Name}";
        return variables;
    }

    private async Task WatchHealthAsync(CancellationToken cancellation)
    {
        if (project.HealthCheck is not { } check)
        {
            _healthy.TrySetResult();
            return;
        }

        var port = project.Endpoints.First(endpoint => endpoint.Name == check.Endpoint).Ports[replica];
        try
        {
            while (!await IsHealthyAsync($"http://localhost:{port}{check.Path}", cancellation))
                await Task.Delay(s_poll, time, cancellation);
            _healthy.TrySetResult();
        }
        catch (OperationCanceledException)
        {
            Debug.Assert(cancellation.IsCancellationRequested);
        }
    }

    private static async Task<bool> IsHealthyAsync(string url, CancellationToken cancellation)
    {
        try
        {
            using var response = await s_http.GetAsync(url, cancellation);
            return response.IsSuccessStatusCode;
        }
        catch (Exception error) when (error is HttpRequestException || (error is TaskCanceledException && !cancellation.IsCancellationRequested))
        {
            return false;
        }
    }
}
