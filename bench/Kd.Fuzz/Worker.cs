using System.Diagnostics;
using System.Globalization;
using System.IO.Hashing;
using Kd.Core.Errors;
using Kd.Core.Randomness;

namespace Kd.Fuzz;

/// <summary>Feeds one target with inputs, in the process that has the instrumented assemblies.</summary>
internal static class Worker
{
    /// <summary>First argument of the process.</summary>
    public const string Argument = "worker";

    /// <summary>File of the input in progress; the coordinator reads it if the process hangs or dies.</summary>
    public const string CurrentFile = "current";

    private const long MostBytes = 256L << 20;
    private const int MostBytesPerByte = 64;
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(15);

    /// <summary>Runs until the time is over; prints a line with the counts, and saves each input that found something.</summary>
    /// <param name="target">The target.</param>
    /// <param name="duration">Time.</param>
    /// <param name="seed">Seed of the inputs.</param>
    /// <param name="folder">Folder of this target's files.</param>
    /// <returns>The exit code: 0.</returns>
    public static int Run(FuzzTarget target, TimeSpan duration, ulong seed, string folder)
    {
        var inputs = new List<byte[]>(target.Seeds(Directory.CreateDirectory(Path.Combine(folder, "seeds")).FullName));
        var read = target.Open(Directory.CreateDirectory(Path.Combine(folder, "target")).FullName);
        var map = new CoverageMap();
        using var current = new FileStream(Path.Combine(folder, CurrentFile), FileMode.Create, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        var (count, kinds, watch, valid) = (0L, new HashSet<string>(), Stopwatch.StartNew(), inputs.Count);
        for (; count < valid || watch.Elapsed < duration; count++)
        {
            var random = new CounterRandom(seed, (ulong)count);
            // The valid inputs first, as they are.
            var input = count < valid ? inputs[(int)count] : Mutator.Mutate(inputs, ref random);
            current.SetLength(0);
            current.Position = 0;
            current.Write(input);
            map.Clear();
            if (Try(read, input) is { } finding && kinds.Add(finding))
                Save(folder, target, input, finding);
            if (map.Add())
                inputs.Add(input);
        }

        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"FUZZ {target.Name} {kinds.Count} findings, {count} inputs in {watch.Elapsed.TotalSeconds:F0} s, {map.Edges} branches"
            )
        );
        return 0;
    }

    /// <summary>Reads an input.</summary>
    /// <returns>What went wrong, in words that are the same for the same fault; null if nothing did.</returns>
    private static string? Try(Action<byte[]> read, byte[] input)
    {
        var (bytes, started) = (GC.GetTotalAllocatedBytes(), Stopwatch.GetTimestamp());
        try
        {
            read(input);
        }
        catch (UserException)
        {
            // A message for the user.
        }
        catch (Exception error)
        {
            var place = new StackTrace(error).GetFrames().Select(frame => frame.GetMethod()?.DeclaringType?.FullName + "." + frame.GetMethod()?.Name);
            return $"{error.GetType().Name} in {place.FirstOrDefault(name => name.StartsWith("Kd.", StringComparison.Ordinal))}";
        }

        if (GC.GetTotalAllocatedBytes() - bytes > MostBytes + (long)MostBytesPerByte * input.Length)
            return "too much memory";
        return Stopwatch.GetElapsedTime(started) > s_longest ? "too slow" : null;
    }

    private static void Save(string folder, FuzzTarget target, byte[] input, string finding)
    {
        var name = $"{target.Name}-{Convert.ToHexStringLower(XxHash64.Hash(input))}";
        File.WriteAllBytes(Path.Combine(Directory.CreateDirectory(Path.Combine(folder, "findings")).FullName, name), input);
        Console.WriteLine($"FINDING {target.Name} {finding}: {name}");
    }
}
