using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;
using k8s.Models;
using Kd.Deploy.Tests.Kubernetes;

namespace Kd.Deploy.Tests.Running;

/// <summary>The container of a pod, as a process.</summary>
internal sealed class PodProcess : IDisposable
{
    private readonly StringBuilder _output = new();
    private readonly Process _process;

    /// <summary>Starts it.</summary>
    /// <param name="template">The pod's template.</param>
    /// <param name="host">Network namespace of the pod.</param>
    /// <param name="address">The pod's address.</param>
    /// <param name="command">The command.</param>
    /// <param name="variables">All variables of its environment.</param>
    public PodProcess(V1PodTemplateSpec template, string host, IPAddress address, IReadOnlyList<string> command, IReadOnlyDictionary<string, string> variables)
    {
        (Template, Address) = (template, address);
        var start = new ProcessStartInfo("ip", ["netns", "exec", host, .. command]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment.Clear();
        // As in the image. libtorch would use all cores.
        start.Environment["PATH"] = Environment.GetEnvironmentVariable("PATH");
        start.Environment["DOTNET_ROOT"] = Environment.GetEnvironmentVariable("DOTNET_ROOT");
        start.Environment["OMP_NUM_THREADS"] = "1";
        foreach (var (name, value) in variables)
            start.Environment[name] = value;
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) => Add(line.Data);
        _process.ErrorDataReceived += (_, line) => Add(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>Template of the pod.</summary>
    public V1PodTemplateSpec Template { get; }

    /// <summary>Address of the pod.</summary>
    public IPAddress Address { get; }

    /// <summary>Whether all its probes have succeeded.</summary>
    public bool IsReady { get; private set; }

    /// <summary>What it has printed.</summary>
    public string Output
    {
        get
        {
            lock (_output)
                return _output.ToString();
        }
    }

    private V1Container Container => Template.Spec.Containers.Single();

    /// <summary>Asks all its probes until they succeed, as the kubelet does.</summary>
    public async Task WaitUntilReadyAsync()
    {
        foreach (var probe in new[] { Container.StartupProbe, Container.ReadinessProbe, Container.LivenessProbe }.OfType<V1Probe>())
        {
            for (var watch = Stopwatch.StartNew(); !await AskAsync(probe); await Task.Delay(200, TestContext.Current.CancellationToken))
                Assert.True(!_process.HasExited && watch.Elapsed < TimeSpan.FromMinutes(3), $"{Container.Name} does not get ready:\n{Output}");
        }

        IsReady = true;
    }

    /// <summary>Reads an address of its HTTP port.</summary>
    public async Task<string> GetAsync(string path)
    {
        using var http = new HttpClient();
        return await http.GetStringAsync(
            $"http://{Address}:{Container.Ports.Single(port => port.Name == "http").ContainerPort}{path}",
            TestContext.Current.CancellationToken
        );
    }

    /// <summary>Waits for its end.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> EndAsync()
    {
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromMinutes(5), TestContext.Current.CancellationToken);
        return _process.ExitCode;
    }

    /// <summary>Tells it to end, as Kubernetes does.</summary>
    public void Terminate()
    {
        using var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            _process.WaitForExit();
        }

        _process.Dispose();
    }

    private async Task<bool> AskAsync(V1Probe probe)
    {
        try
        {
            if (probe.HttpGet is { } get)
            {
                using var http = new HttpClient();
                var response = await http.GetAsync($"http://{Address}:{PodTests.PortOf(Container, get.Port)}{get.Path}", TestContext.Current.CancellationToken);
                return response.IsSuccessStatusCode;
            }

            if (probe.Grpc is { } grpc)
            {
                using var channel = GrpcChannel.ForAddress($"http://{Address}:{grpc.Port}");
                var reply = await new Health.HealthClient(channel).CheckAsync(new HealthCheckRequest { Service = grpc.Service ?? "" });
                return reply.Status == HealthCheckResponse.Types.ServingStatus.Serving;
            }

            using var tcp = new System.Net.Sockets.TcpClient();
            await tcp.ConnectAsync(Address, PodTests.PortOf(Container, probe.TcpSocket.Port), TestContext.Current.CancellationToken);
            return true;
        }
        catch (Exception error) when (error is HttpRequestException or RpcException or System.Net.Sockets.SocketException)
        {
            return false;
        }
    }

    private void Add(string? line)
    {
        lock (_output)
            _output.AppendLine(line);
    }
}
