using System.Diagnostics;
using System.Globalization;
using System.Text;
using Kd.Tests;

namespace Kd.EndToEnd.Tests.Hosting;

/// <summary>The AppHost as a user starts it: a process, with the services as its children.</summary>
internal sealed class AppHostProcess : IDisposable
{
    /// <summary>A study of seconds.</summary>
    public static readonly string[] Small =
    [
        "--Dataset:DemoTrainPerClass=4", "--Dataset:DemoValidationPerClass=2", "--Student:Width=0.1", "--Student:Form=Standard", "--Training:Epochs=2", "--Training:BatchSize=24", "--Views:PerSample=2",
    ];

    private static readonly TimeSpan s_longest = TimeSpan.FromMinutes(5);
    private readonly StringBuilder _output = new();
    private readonly Process _process;

    private AppHostProcess(Process process) => _process = process;

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public string Output
    {
        get
        {
            lock (_output)
                return _output.ToString();
        }
    }

    public static AppHostProcess Start(IEnumerable<string> arguments, params (string Name, string Value)[] environment)
    {
        var output = new DirectoryInfo(AppContext.BaseDirectory);
        var program = Path.Combine(TestFiles.RepositoryRoot, "src", "Kd.AppHost", "bin", output.Parent!.Name, output.Name, "Kd.AppHost.dll");
        Assert.True(File.Exists(program), $"{program} is absent: build the solution first");
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [program, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        var host = new AppHostProcess(new Process { StartInfo = start });
        host._process.OutputDataReceived += (_, line) => host.Add(line.Data);
        host._process.ErrorDataReceived += (_, line) => host.Add(line.Data);
        host._process.Start();
        host._process.BeginOutputReadLine();
        host._process.BeginErrorReadLine();
        return host;
    }

    /// <summary>Runs it to its end.</summary>
    public static async Task<(int ExitCode, string Output)> RunAsync(IEnumerable<string> arguments, params (string Name, string Value)[] environment)
    {
        using var host = Start(arguments, environment);
        return (await host.WaitAsync(), host.Output);
    }

    public async Task<int> WaitAsync()
    {
        try
        {
            await _process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(s_longest);
        }
        catch (TimeoutException)
        {
            Assert.Fail($"The AppHost did not end in {s_longest}. Its output:\n{Output}");
        }

        return _process.ExitCode;
    }

    /// <summary>Waits until the output contains a text.</summary>
    public async Task WaitForAsync(string text)
    {
        var waited = Stopwatch.StartNew();
        while (!Output.Contains(text, StringComparison.Ordinal))
        {
            Assert.True(!HasExited && waited.Elapsed < s_longest, $"'{text}' did not come. The output:\n{Output}");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    public void Kill() => _process.Kill(entireProcessTree: false);

    /// <summary>Ids of the processes that it started, by the service's name.</summary>
    public IReadOnlyDictionary<int, string> Children()
    {
        var children = new Dictionary<int, string>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), out var id) && ParentOf(id) == Id)
                children[id] = ReadOrEmpty($"/proc/{id}/cmdline").Replace('\0', ' ').Trim();
        }

        return children;
    }

    /// <summary>Whether a process is there and is not a zombie.</summary>
    public static bool IsAlive(int id) => ReadOrEmpty($"/proc/{id}/stat") is { Length: > 0 } stat && stat[stat.LastIndexOf(')')..].Split(' ')[1] != "Z";

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }

    private static int ParentOf(int id) => ReadOrEmpty($"/proc/{id}/stat") is { Length: > 0 } stat
        ? int.Parse(stat[stat.LastIndexOf(')')..].Split(' ')[2], CultureInfo.InvariantCulture)
        : 0;

    private static string ReadOrEmpty(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private void Add(string? line)
    {
        lock (_output)
            _output.AppendLine(line);
    }
}

/// <summary>Real processes need the machine for themselves.</summary>
[CollectionDefinition(nameof(OneAppHost), DisableParallelization = true)]
public sealed class OneAppHost;
