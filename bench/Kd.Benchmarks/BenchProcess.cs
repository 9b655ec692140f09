using System.Diagnostics;

namespace Kd.Benchmarks;

/// <summary>Runs the programs of the system as their users do.</summary>
internal static class BenchProcess
{
    /// <summary>Runs the whole system until its run has ended.</summary>
    public static Task RunHostAsync(params string[] settings) => RunAsync(AppHost(), [.. settings, "--Run:Stay=false"]);

    /// <summary>The trainer's program.</summary>
    public static string Trainer { get; } = Path.Combine(AppContext.BaseDirectory, "Kd.StudentTrainer.dll");

    /// <summary>Settings of a service that is started without the AppHost.</summary>
    public static string[] Addresses() =>
        [$"--urls=http://127.0.0.1:{Ports.Take()}", $"--Endpoints:GrpcPort={Ports.Take()}", $"--Service:Key={BenchTeacher.Key}"];

    /// <summary>Runs <c>dotnet</c> with a program, or one of its commands, to its end.</summary>
    /// <exception cref="InvalidOperationException">It ended with another code than 0.</exception>
    public static async Task RunAsync(string program, params string[] settings)
    {
        var start = new ProcessStartInfo("dotnet", [program, .. settings])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // A program alone sends no telemetry; the AppHost sets the collector of its services.
        start.Environment.Remove("OTEL_EXPORTER_OTLP_ENDPOINT");
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{Path.GetFileName(program)} ended with {process.ExitCode}:\n{await output}\n{await errors}");
    }

    /// <summary>The folder of this checkout.</summary>
    // Above bench/Kd.Benchmarks/bin/Release/net10.0.
    public static string Root { get; } = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Parent!.Parent!.Parent!.Parent!.FullName;

    // src/Kd.AppHost/bin/Release/net10.0.
    private static string AppHost()
    {
        var output = new DirectoryInfo(AppContext.BaseDirectory);
        return Path.Combine(Root, "src", "Kd.AppHost", "bin", output.Parent!.Name, output.Name, "Kd.AppHost.dll");
    }
}
