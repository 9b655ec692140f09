using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Kd.Tests;

namespace Kd.EndToEnd.Tests.Hosting;

/// <summary>Runs the AppHost as a user does: in its own process, with services that DCP starts.</summary>
internal sealed partial class AppHostProcess : IDisposable
{
    /// <summary>Settings of a study that takes seconds.</summary>
    public static readonly string[] Small =
    [
        "--Dataset:DemoTrainPerClass=4",
        "--Dataset:DemoValidationPerClass=2",
        "--Student:Width=0.1",
        "--Student:Form=Standard",
        "--Training:Epochs=2",
        "--Training:BatchSize=24",
        "--Views:PerSample=2",
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

    public static AppHostProcess Start(params IEnumerable<string> arguments) => Start(Environment.CurrentDirectory, [Program("Kd.AppHost"), .. arguments]);

    /// <summary>Runs the README's command until it ends, without a build.</summary>
    /// <param name="folder">Working directory.</param>
    /// <param name="arguments">Settings.</param>
    public static async Task<(int ExitCode, string Output)> DotnetRunAsync(string folder, params IEnumerable<string> arguments)
    {
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        using var host = Start(
            folder,
            [
                "run",
                "--no-build",
                "--configuration",
                configuration,
                "--project",
                Path.Combine(TestFiles.RepositoryRoot, "src", "Kd.AppHost"),
                "--",
                .. arguments,
            ]
        );
        return (await host.WaitAsync(), host.Output);
    }

    /// <summary>Runs a service without the host until it ends.</summary>
    /// <param name="project">For example Kd.TeacherService.</param>
    /// <param name="arguments">Settings.</param>
    public static async Task<(int ExitCode, string Output)> RunServiceAsync(string project, params IEnumerable<string> arguments)
    {
        using var service = Start(
            Environment.CurrentDirectory,
            [Program(project), "--urls=http://127.0.0.1:0", $"--Service:Key={RunningService.Key}", .. arguments]
        );
        return (await service.WaitAsync(), service.Output);
    }

    private static string Program(string project)
    {
        var output = new DirectoryInfo(AppContext.BaseDirectory);
        var program = Path.Combine(TestFiles.RepositoryRoot, "src", project, "bin", output.Parent!.Name, output.Name, $"{project}.dll");
        Assert.True(File.Exists(program), $"{program} is absent: build the solution first");
        return program;
    }

    private static AppHostProcess Start(string folder, string[] dotnet)
    {
        string[] command = [Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", .. dotnet];
        // Tests that run as a background job of a shell ignore SIGINT, and so would the host.
        if (OperatingSystem.IsLinux())
            command = ["env", "--default-signal=INT", .. command];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = folder,
        };
        // As in launchSettings.json.
        start.Environment["DOTNET_ENVIRONMENT"] = "Development";
        var host = new AppHostProcess(new Process { StartInfo = start });
        host._process.OutputDataReceived += (_, line) => host.Add(line.Data);
        host._process.ErrorDataReceived += (_, line) => host.Add(line.Data);
        host._process.Start();
        host._process.BeginOutputReadLine();
        host._process.BeginErrorReadLine();
        return host;
    }

    /// <summary>Runs the host until it ends.</summary>
    public static async Task<(int ExitCode, string Output)> RunAsync(params IEnumerable<string> arguments)
    {
        using var host = Start(arguments);
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
            Assert.Fail($"The process did not end in {s_longest}. Its output:\n{Output}");
        }

        return _process.ExitCode;
    }

    /// <summary>Waits until the output contains a text a number of times.</summary>
    public async Task WaitForAsync(string text, int times = 1)
    {
        var waited = Stopwatch.StartNew();
        while (Regex.Count(Output, Regex.Escape(text)) < times)
        {
            Assert.True(!HasExited && waited.Elapsed < s_longest, $"'{text}' did not appear {times} times. The output:\n{Output}");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Queues a run, as the run page does.</summary>
    public async Task StartRunAsync(params (string Name, object Value)[] settings)
    {
        using var trainer = await OpenTrainerAsync();
        var response = await trainer.PostAsJsonAsync(
            "api/runs",
            new { settings = settings.ToDictionary(setting => setting.Name, setting => setting.Value) },
            TestContext.Current.CancellationToken
        );
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
    }

    /// <summary>Sends a signal during a run, and asserts that the host exits with code 0 and a message, and that all its processes end.</summary>
    /// <param name="signal">INT or TERM.</param>
    public async Task InterruptAsync(string signal)
    {
        var processes = Processes();
        Signal(signal, Id);
        var exitCode = await WaitAsync();
        Assert.True(exitCode == 0, Output);
        Assert.Contains("stopped before the end of its run; the same command continues it", Output);
        Assert.DoesNotContain("   at ", Output);
        // DCP ends a moment after the host; the services must have ended before.
        Assert.DoesNotContain(processes, process => process.Value.Contains("/Kd.", StringComparison.Ordinal) && IsAlive(process.Key));
        Assert.Empty(await WaitUntilGoneAsync(processes, TimeSpan.FromSeconds(15)));
    }

    /// <summary>Opens a client of the trainer's API, with the token from the page's address.</summary>
    private async Task<HttpClient> OpenTrainerAsync()
    {
        var page = await PageAsync();
        var trainer = new HttpClient { BaseAddress = page };
        trainer.DefaultRequestHeaders.Authorization = new("Bearer", page.Query.Split('=')[1]);
        return trainer;
    }

    /// <summary>Gets the address of the run page, with its token, when the output contains it.</summary>
    public async Task<Uri> PageAsync()
    {
        await WaitForAsync("Run page:");
        return new Uri(RunPage().Match(Output).Groups[1].Value);
    }

    /// <summary>Waits until the trainer's status fulfills a condition.</summary>
    public async Task UntilAsync(Func<JsonElement, bool> isSo) =>
        Assert.True(await IsSoonAsync(isSo, s_longest), $"The trainer did not reach the expected status. The output:\n{Output}");

    /// <summary>Waits until the trainer's status fulfills a condition, or a time is over.</summary>
    public async Task<bool> IsSoonAsync(Func<JsonElement, bool> isSo, TimeSpan longest)
    {
        using var trainer = await OpenTrainerAsync();
        var waited = Stopwatch.StartNew();
        while (!await IsSoAsync())
        {
            if (HasExited || waited.Elapsed > longest)
                return false;
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }

        return true;

        async Task<bool> IsSoAsync()
        {
            try
            {
                return isSo(await trainer.GetFromJsonAsync<JsonElement>("api/run", TestContext.Current.CancellationToken));
            }
            catch (HttpRequestException)
            {
                return false;
            }
        }
    }

    public void Kill() => _process.Kill(entireProcessTree: false);

    /// <summary>Kills the processes of a service, as <c>kill -9</c> does.</summary>
    /// <param name="project">For example Kd.TeacherService.</param>
    public void KillService(string project)
    {
        var killed = Processes().Where(process => process.Value.Split(' ')[0].EndsWith("/" + project, StringComparison.Ordinal)).ToList();
        Assert.True(killed.Count > 0, $"{project} does not run. The output:\n{Output}");
        killed.ForEach(process => Signal("KILL", process.Key));
    }

    /// <summary>Lists the command lines of the processes that belong to the host, by id: DCP, the dashboard and the services.</summary>
    public IReadOnlyDictionary<int, string> Processes()
    {
        var all = Directory
            .EnumerateDirectories("/proc")
            .Where(folder => int.TryParse(Path.GetFileName(folder), out _))
            .Select(folder => int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture))
            .ToList();
        var parents = all.ToDictionary(id => id, ParentOf);
        var commands = all.ToDictionary(id => id, id => ReadOrEmpty($"/proc/{id}/cmdline").Replace('\0', ' ').Trim());
        // DCP detaches itself and watches the host.
        bool Belongs(int id) =>
            id > 1
            && (
                parents.GetValueOrDefault(id) == Id
                || commands.GetValueOrDefault(id, "").Contains($" --monitor {Id} ", StringComparison.Ordinal)
                || (parents.TryGetValue(id, out var parent) && Belongs(parent))
            );
        return all.Where(Belongs).ToDictionary(id => id, id => commands[id]);
    }

    /// <summary>Waits until processes have ended.</summary>
    /// <returns>Command lines of the processes that are still alive after the time.</returns>
    public static async Task<IReadOnlyList<string>> WaitUntilGoneAsync(IReadOnlyDictionary<int, string> processes, TimeSpan longest)
    {
        var waited = Stopwatch.StartNew();
        while (processes.Keys.Any(IsAlive) && waited.Elapsed < longest)
            await Task.Delay(100, TestContext.Current.CancellationToken);
        return [.. processes.Where(process => IsAlive(process.Key)).Select(process => process.Value)];
    }

    /// <summary>Whether a process exists and is not a zombie.</summary>
    public static bool IsAlive(int id) => ReadOrEmpty($"/proc/{id}/stat") is { Length: > 0 } stat && stat[stat.LastIndexOf(')')..].Split(' ')[1] != "Z";

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            Signal("TERM", Id);
            if (!_process.WaitForExit(TimeSpan.FromSeconds(30)))
                _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }

    private static void Signal(string name, int id)
    {
        using var kill = Process.Start("kill", [$"-{name}", $"{id}"]);
        kill.WaitForExit();
    }

    private static int ParentOf(int id) =>
        ReadOrEmpty($"/proc/{id}/stat") is { Length: > 0 } stat ? int.Parse(stat[stat.LastIndexOf(')')..].Split(' ')[2], CultureInfo.InvariantCulture) : 0;

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

    [GeneratedRegex(@"Run page: +(\S+)")]
    private static partial Regex RunPage();

    private void Add(string? line)
    {
        lock (_output)
            _output.AppendLine(line);
    }
}

/// <summary>Tests of real processes do not run in parallel with others.</summary>
[CollectionDefinition(nameof(OneAppHost), DisableParallelization = true)]
public sealed class OneAppHost;
