using System.Diagnostics;

namespace Aspire.Hosting.Running;

/// <summary>A process that ends with this one: its standard input is a pipe that the operating system closes when this process is gone, however it went.</summary>
internal sealed class ChildProcess : IDisposable
{
    private const string Lifeline = "KD_LIFELINE";
    private readonly Process _process;

    private ChildProcess(Process process) => _process = process;

    public int Id => _process.Id;

    public static ChildProcess Start(string assemblyPath, IDictionary<string, string> environment, Action<string> onLine)
    {
        var start = new ProcessStartInfo
        {
            FileName = FindProgram(assemblyPath),
            WorkingDirectory = Path.GetDirectoryName(assemblyPath),
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        if (IsDotnet(start.FileName))
            start.ArgumentList.Add(assemblyPath);
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        start.Environment[Lifeline] = "stdin";
        var process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, line) => Forward(line.Data);
        process.ErrorDataReceived += (_, line) => Forward(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return new ChildProcess(process);

        void Forward(string? line)
        {
            if (line is not null)
                onLine(line);
        }
    }

    // Where this process was started by a dotnet command, that one runs the child too: its runtime may lie where the child's own executable does not look.
    private static string FindProgram(string assemblyPath)
    {
        var executable = Path.ChangeExtension(assemblyPath, OperatingSystem.IsWindows() ? ".exe" : null);
        if (Environment.ProcessPath is { } own && IsDotnet(own))
            return own;
        return File.Exists(executable) ? executable : "dotnet";
    }

    private static bool IsDotnet(string program) => Path.GetFileNameWithoutExtension(program).Equals("dotnet", StringComparison.OrdinalIgnoreCase);

    /// <summary>Waits for the end and the last line of output.</summary>
    public async Task<int> WaitAsync()
    {
        await _process.WaitForExitAsync();
        return _process.ExitCode;
    }

    /// <summary>Asks the process to end, and ends it where it has not after the grace time.</summary>
    public async Task StopAsync(TimeSpan grace)
    {
        try
        {
            _process.StandardInput.Close();
            await _process.WaitForExitAsync().WaitAsync(grace);
        }
        catch (TimeoutException)
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (Exception error) when (error is InvalidOperationException or IOException)
        {
            // It has ended already.
        }
    }

    public void Dispose() => _process.Dispose();
}
