using System.Diagnostics;
using System.Globalization;
using System.Text;
using Kd.TeacherService.Hosting;
using Kd.Tests;
using Kd.Vision.Runtime;

namespace Kd.Benchmarks;

/// <summary>Teachers in processes of their own whose forward pass takes a fixed time and no CPU, to simulate devices.</summary>
internal sealed class TimedTeachers : IDisposable
{
    /// <summary>The argument that runs this program as such a process.</summary>
    public const string ServeArgument = "--serve-timed-teachers";

    /// <summary>Images in a forward pass.</summary>
    public const int Batch = 64;

    private const string Ready = "ready";
    private readonly List<Process> _processes = [];

    private TimedTeachers(IReadOnlyList<string> addresses) => Addresses = addresses;

    /// <summary>Address of each teacher.</summary>
    public IReadOnlyList<string> Addresses { get; }

    /// <summary>Starts teachers and waits until they serve.</summary>
    /// <param name="count">Number of teachers.</param>
    /// <param name="perProcess">Number of teachers in a process, so that 64 of them fit on a small machine.</param>
    /// <param name="pass">Duration of a forward pass.</param>
    public static async Task<TimedTeachers> StartAsync(int count, int perProcess, TimeSpan pass)
    {
        int[] ports = [.. Enumerable.Range(0, count).Select(_ => Ports.Take())];
        var teachers = new TimedTeachers([.. ports.Select(port => $"http://127.0.0.1:{port}")]);
        try
        {
            await Task.WhenAll(ports.Chunk(perProcess).Select(chunk => teachers.StartAsync(pass, chunk)));
            return teachers;
        }
        catch
        {
            teachers.Dispose();
            throw;
        }
    }

    /// <summary>Runs teachers in this process until its standard input is closed, and so ends with the benchmark.</summary>
    /// <param name="milliseconds">Duration of a forward pass.</param>
    /// <param name="ports">Port of each teacher.</param>
    public static async Task<int> ServeAsync(double milliseconds, IEnumerable<int> ports)
    {
        TorchRuntime.EnsureLoaded();
        var apps = ports
            .Select(port =>
                TeacherExtensions.BuildTeacherService(
                    [
                        $"--urls=http://127.0.0.1:{port}",
                        $"--Endpoints:GrpcPort={port}",
                        $"--Service:Key={BenchTeacher.Key}",
                        "--Logging:LogLevel:Default=Error",
                        "--Teacher:Architecture=cifar-resnet20",
                        "--Teacher:Weights=random",
                        "--Teacher:Threads=1",
                        $"--Batching:MaxBatch={Batch}",
                        "--Cache:Memory=0",
                    ],
                    TimedNetwork.Loader(TimeSpan.FromMilliseconds(milliseconds))
                )
            )
            .ToList();
        foreach (var app in apps)
            await app.StartAsync();
        Console.WriteLine(Ready);
        await using var input = Console.OpenStandardInput();
        await input.CopyToAsync(Stream.Null);
        foreach (var app in apps)
        {
            await app.StopAsync();
            await app.DisposeAsync();
        }

        return 0;
    }

    public void Dispose()
    {
        foreach (var process in _processes)
            process.StandardInput.Close();
        foreach (var process in _processes)
        {
            if (!process.WaitForExit(10_000))
                process.Kill();
            process.Dispose();
        }
    }

    private async Task StartAsync(TimeSpan pass, int[] ports)
    {
        // If the dotnet command runs this program, it must run the teachers too.
        string[] program = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? [typeof(TimedTeachers).Assembly.Location] : [];
        var numbers = ports.Select(port => port.ToString(CultureInfo.InvariantCulture));
        var start = new ProcessStartInfo(
            Environment.ProcessPath!,
            [.. program, ServeArgument, pass.TotalMilliseconds.ToString(CultureInfo.InvariantCulture), .. numbers]
        )
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        var process = Process.Start(start)!;
        lock (_processes)
            _processes.Add(process);
        var printed = new StringBuilder();
        for (string? line; (line = await process.StandardOutput.ReadLineAsync()) != Ready; printed.AppendLine(line))
        {
            if (line is null)
                throw new InvalidOperationException($"A teacher process ended before it was ready; it printed:{Environment.NewLine}{printed}");
        }

        // Drains the pipe, so that later output does not block the process.
        _ = process.StandardOutput.ReadToEndAsync();
    }
}
