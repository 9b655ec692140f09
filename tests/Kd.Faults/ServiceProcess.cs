using System.Diagnostics;
using System.Globalization;
using System.Text;
using Kd.Tests;

namespace Kd.Faults;

/// <summary>A service in a process of its own, to be killed and started again.</summary>
/// <param name="project">For example Kd.TeacherService.</param>
/// <param name="grpcPort">Port of gRPC; 0: none.</param>
/// <param name="arguments">Settings.</param>
internal sealed class ServiceProcess(string project, int grpcPort, string[] arguments) : IDisposable
{
    private readonly StringBuilder _output = new();

    /// <summary>Port of HTTP.</summary>
    public int HttpPort { get; } = RunningService.FreePort();

    /// <summary>Port of gRPC; 0: none.</summary>
    public int GrpcPort => grpcPort;

    /// <summary>Address on which it listens.</summary>
    public string Address { get; init; } = "127.0.0.1";

    /// <summary>Network namespace in which it runs; empty: that of this process.</summary>
    public string Namespace { get; init; } = "";

    /// <summary>The process; null before the start.</summary>
    public Process? Process { get; private set; }

    /// <summary>Variables of the process's environment.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; set; } = new Dictionary<string, string>();

    /// <summary>Memory that the process uses, bytes.</summary>
    public long Memory
    {
        get
        {
            Process!.Refresh();
            return Process.WorkingSet64;
        }
    }

    /// <summary>What it has printed, in all its processes.</summary>
    public string Output
    {
        get
        {
            lock (_output)
                return _output.ToString();
        }
    }

    /// <summary>Starts it, again too.</summary>
    public void Start()
    {
        Process?.Dispose();
        var output = new DirectoryInfo(AppContext.BaseDirectory);
        var program = Path.Combine(TestFiles.RepositoryRoot, "src", project, "bin", output.Parent!.Name, output.Name, $"{project}.dll");
        string[] grpc = grpcPort == 0 ? [] : [$"--Endpoints:GrpcPort={grpcPort}", $"--Service:Key={RunningService.Key}"];
        var urls = $"http://{Address}:{HttpPort}" + (grpcPort == 0 ? "" : $";http://{Address}:{grpcPort}");
        // The command is replaced by the program, which keeps its process id.
        string[] enter = Namespace.Length == 0 ? [] : ["ip", "netns", "exec", Namespace];
        string[] command =
        [
            .. enter,
            System.Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
            program,
            $"--urls={urls}",
            .. arguments,
            .. grpc,
        ];
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in Environment)
            start.Environment[name] = value;
        Process = Process.Start(start)!;
        Process.OutputDataReceived += (_, line) => Add(line.Data);
        Process.ErrorDataReceived += (_, line) => Add(line.Data);
        Process.BeginOutputReadLine();
        Process.BeginErrorReadLine();
    }

    /// <summary>Waits until it is healthy.</summary>
    public async Task WaitUntilHealthyAsync()
    {
        using var http = new HttpClient();
        for (var watch = Stopwatch.StartNew(); ; await Task.Delay(100, TestContext.Current.CancellationToken))
        {
            Assert.True(!Process!.HasExited && watch.Elapsed < TimeSpan.FromMinutes(2), $"{project} does not get healthy:\n{Output}");
            try
            {
                if ((await http.GetAsync($"http://{Address}:{HttpPort}/health", TestContext.Current.CancellationToken)).IsSuccessStatusCode)
                    return;
            }
            catch (HttpRequestException)
            {
                // It has not bound the port yet.
            }
        }
    }

    /// <summary>Sends a signal.</summary>
    public void Signal(string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", Process!.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    /// <summary>Waits until it has ended.</summary>
    public Task WaitForExitAsync() =>
        Process!.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);

    /// <summary>Kills it, as <c>kill -9</c> does.</summary>
    public void Kill()
    {
        Process!.Kill();
        Process.WaitForExit();
    }

    public void Dispose()
    {
        if (Process is { HasExited: false })
            Kill();
        Process?.Dispose();
    }

    private void Add(string? line)
    {
        lock (_output)
            _output.AppendLine(line);
    }
}
