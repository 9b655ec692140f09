using System.Runtime.InteropServices;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Cache;

namespace Aspire.Hosting.Running;

/// <summary>Runs an application on this machine: a child process for each replica, an embedded Garnet server for Redis.</summary>
internal sealed class LocalHost(IReadOnlyList<IResource> resources, TextWriter terminal, TimeProvider time)
{
    private readonly List<ProjectResource> _projects = [.. resources.OfType<ProjectResource>()];
    private readonly Dictionary<string, Task> _ready = [];

    /// <summary>Runs until the projects that no other one waits for have ended, one has failed for good, or the user stops it.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync()
    {
        using var stop = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        AllocatePorts();
        Announce();
        var caches = resources.OfType<RedisResource>().Select(StartCache).ToList();
        try
        {
            return await RunProjectsAsync(stop);
        }
        finally
        {
            caches.ForEach(cache => cache.Dispose());
        }

        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            stop.Cancel();
        }
    }

    private async Task<int> RunProjectsAsync(CancellationTokenSource stop)
    {
        var output = new PrefixedOutput(terminal, _projects.Max(project => project.Name.Length + (project.Replicas > 1 ? 2 : 0)), isTerminal: ReferenceEquals(terminal, Console.Out) && !Console.IsOutputRedirected, () => Console.WindowWidth);
        var leaves = _projects.Where(project => !_projects.Any(other => other.Dependencies.Contains(project))).ToHashSet();
        var running = new Dictionary<Task<int>, bool>();
        foreach (var project in _projects)
        {
            var runners = Enumerable.Range(0, project.Replicas).Select(replica => new ReplicaRunner(project, replica, output, time)).ToList();
            _ready[project.Name] = Task.WhenAll(runners.Select(runner => runner.Healthy));
            foreach (var runner in runners)
                running.Add(StartAsync(project, runner, leaves.Contains(project), stop.Token), leaves.Contains(project));
        }

        var exitCode = 0;
        while (running.Count > 0)
        {
            var ended = await Task.WhenAny(running.Keys);
            running.Remove(ended);
            exitCode = Math.Max(exitCode, await ended);
            // The application is over when its aim is reached, and also when a part of it has failed for good.
            if (exitCode != 0 || !running.ContainsValue(true))
                await stop.CancelAsync();
        }

        return exitCode;
    }

    private async Task<int> StartAsync(ProjectResource project, ReplicaRunner runner, bool isLeaf, CancellationToken cancellation)
    {
        try
        {
            foreach (var dependency in project.Dependencies)
                await _ready.GetValueOrDefault(dependency.Name, Task.CompletedTask).WaitAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            return 0;
        }

        return await runner.RunAsync(isLeaf, cancellation);
    }

    private void AllocatePorts()
    {
        var open = _projects.SelectMany(project => project.Endpoints.Where(endpoint => endpoint.Ports.Length == 0).Select(endpoint => (project, endpoint))).ToList();
        var ports = new Queue<int>(PortAllocator.Take(open.Sum(pair => pair.project.Replicas)));
        foreach (var (project, endpoint) in open)
            endpoint.Ports = [.. Enumerable.Range(0, project.Replicas).Select(_ => ports.Dequeue())];
        foreach (var project in _projects)
        {
            if (project.Endpoints.FirstOrDefault(endpoint => endpoint.Ports.Length < project.Replicas) is { } fixedEndpoint)
                throw new InvalidOperationException($"'{project.Name}' has {project.Replicas} replicas, but its endpoint '{fixedEndpoint.Name}' has the fixed port {fixedEndpoint.Ports[0]}.");
        }
    }

    private void Announce()
    {
        terminal.WriteLine("Kd.Aspire on the local host: a process for each service, an embedded Garnet server as the Redis cache.");
        terminal.WriteLine("The Aspire dashboard instead: dotnet run --project src/Kd.AppHost -p:UseAspire=true (Aspire packages and a container engine needed).");
        foreach (var project in _projects)
        {
            foreach (var (endpoint, text) in project.UrlTexts)
                terminal.WriteLine($"{text}: {new EndpointReference(project, endpoint).Urls[0]}");
        }
    }

    private EmbeddedGarnet StartCache(RedisResource resource)
    {
        var cache = EmbeddedGarnet.Start(PortAllocator.Take(1)[0], resource.DataFolder, note => terminal.WriteLine("note: " + note));
        if (cache.IsPersistent)
            terminal.WriteLine($"Logits are kept in {resource.DataFolder} for later runs (--Cache:Folder= for memory only).");
        resource.ConnectionString = cache.ConnectionString;
        return cache;
    }
}
