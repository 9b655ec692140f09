using System.Diagnostics;
using System.Globalization;
using SharpFuzz;

namespace Kd.Fuzz;

/// <summary>Copies this program, instruments the copy's assemblies, and runs it for one target after another; watches its time and memory.</summary>
internal static class Coordinator
{
    private const long MostMemory = 3L << 30;
    private static readonly string s_dotnet = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
    private static readonly string[] s_instrumented =
    [
        "Kd.Vision.dll",
        "Kd.Training.dll",
        "Kd.TeacherService.dll",
        "Kd.CurriculumAgent.dll",
        "Kd.StudentTrainer.dll",
        "Kd.RunPage.dll",
        "Parquet.dll",
    ];
    private static readonly TimeSpan s_poll = TimeSpan.FromMilliseconds(200),
        s_longestInput = TimeSpan.FromSeconds(30);

    /// <summary>Runs targets.</summary>
    /// <param name="names">Their names.</param>
    /// <param name="duration">Time for each.</param>
    /// <returns>The exit code: 0 if nothing was found, else 1.</returns>
    public static int Run(IReadOnlyList<string> names, TimeSpan duration)
    {
        var folder = Directory.CreateTempSubdirectory("kd-fuzz-").FullName;
        var program = CopyAndInstrument(Path.Combine(folder, "program"));
        var isClean = true;
        foreach (var name in names)
            isClean &= RunTarget(program, name, duration, Directory.CreateDirectory(Path.Combine(folder, name)).FullName);
        if (isClean)
            Directory.Delete(folder, recursive: true);
        else
            Console.WriteLine($"The inputs are in {folder}");
        return isClean ? 0 : 1;
    }

    // Native libraries are linked: they are large, and not instrumented.
    private static string CopyAndInstrument(string folder)
    {
        foreach (var file in Directory.EnumerateFiles(AppContext.BaseDirectory, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(folder, Path.GetRelativePath(AppContext.BaseDirectory, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            if (Path.GetFileName(file).Contains(".so", StringComparison.Ordinal))
                File.CreateSymbolicLink(copy, file);
            else
                File.Copy(file, copy);
        }

        foreach (var name in s_instrumented)
            Fuzzer.Instrument(Path.Combine(folder, name), type => !type.StartsWith('<'), Options.Value);
        return Path.Combine(folder, "Kd.Fuzz.dll");
    }

    private static bool RunTarget(string program, string name, TimeSpan duration, string folder)
    {
        var watch = Stopwatch.StartNew();
        var (isClean, seed) = (true, 1);
        do
        {
            var left = (duration - watch.Elapsed).TotalSeconds.ToString("F1", CultureInfo.InvariantCulture);
            using var worker = Process.Start(
                new ProcessStartInfo(s_dotnet, [program, Worker.Argument, name, left, $"{seed++}", folder]) { RedirectStandardOutput = true }
            )!;
            worker.OutputDataReceived += (_, line) =>
            {
                if (line.Data is null)
                    return;
                Console.WriteLine(line.Data);
                isClean &= !line.Data.StartsWith("FINDING", StringComparison.Ordinal);
            };
            worker.BeginOutputReadLine();
            var problem = Watch(worker, Path.Combine(folder, Worker.CurrentFile));
            worker.WaitForExit();
            if (problem is null && worker.ExitCode == 0)
                break;
            isClean = false;
            Keep(folder, name, problem ?? $"the process ended with code {worker.ExitCode}");
        } while (watch.Elapsed < duration);

        return isClean;
    }

    // Waits until the process ends; kills it when an input takes too much of anything.
    private static string? Watch(Process worker, string current)
    {
        var (last, changed) = (default(DateTime), Stopwatch.StartNew());
        while (!worker.WaitForExit(s_poll))
        {
            worker.Refresh();
            if (File.Exists(current) && File.GetLastWriteTimeUtc(current) is var written && written != last)
            {
                last = written;
                changed.Restart();
            }

            var problem =
                worker.HasExited ? null
                : worker.WorkingSet64 > MostMemory ? $"the process took {worker.WorkingSet64 >> 20} MiB"
                : changed.Elapsed > s_longestInput ? "the process hangs"
                : null;
            if (problem is null)
                continue;
            worker.Kill();
            return problem;
        }

        return null;
    }

    private static void Keep(string folder, string name, string problem)
    {
        var current = Path.Combine(folder, Worker.CurrentFile);
        var kept = Path.Combine(Directory.CreateDirectory(Path.Combine(folder, "findings")).FullName, $"{name}-{Guid.NewGuid():N}");
        if (File.Exists(current))
            File.Copy(current, kept);
        Console.WriteLine($"FINDING {name} {problem}: {kept}");
    }
}
