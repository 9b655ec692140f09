using System.Globalization;
using Kd.Tests;

namespace Kd.Faults;

/// <summary>The clock of a process jumps by an hour, forward and back. Needs libfaketime (Debian: faketime).</summary>
[Collection(nameof(OneSystem))]
public sealed class ClockFaults(Reference reference)
{
    private static readonly string[] s_times = ["+1h", "+0", "-1h", "+0"];

    [Theory(Explicit = true)]
    [InlineData("cache")]
    [InlineData("teacher1")]
    [InlineData("agent")]
    [InlineData("trainer")]
    public async Task Clock_JumpsByAnHour_GivesTheSameWeights(string name)
    {
        var library = Directory.Exists("/usr/lib") ? Directory.EnumerateFiles("/usr/lib", "libfaketimeMT.so.1", Deep).FirstOrDefault() : null;
        Assert.SkipWhen(library is null, "needs libfaketime");
        using var folder = TestFiles.CreateFolder();
        var clock = folder.File("clock");
        Set(clock, "+0");
        using var system = FaultySystem.Start(
            folder.Path,
            name,
            new Dictionary<string, string>
            {
                ["LD_PRELOAD"] = library!,
                ["FAKETIME_TIMESTAMP_FILE"] = clock,
                ["FAKETIME_NO_CACHE"] = "1",
                ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1",
            }
        );
        await system.Processes[name].WaitUntilHealthyAsync();
        for (var jump = 0; !system.HasEnded; jump++)
        {
            Set(clock, s_times[jump % s_times.Length]);
            if (jump == 0)
                Assert.InRange((await ClockOfAsync(system.Processes[name]) - TimeProvider.System.GetUtcNow()).TotalMinutes, 58, 62);
            await Task.Delay(2000, TestContext.Current.CancellationToken);
        }

        Assert.Equal(reference.Result, system.Result());
    }

    // Links may form circles, as some packages' do.
    private static EnumerationOptions Deep =>
        new()
        {
            RecurseSubdirectories = true,
            IgnoreInaccessible = true,
            AttributesToSkip = FileAttributes.ReparsePoint,
        };

    // Renamed, so that the library never reads half of it.
    private static void Set(string clock, string time)
    {
        File.WriteAllText(clock + ".new", time);
        File.Move(clock + ".new", clock, overwrite: true);
    }

    private static async Task<DateTimeOffset> ClockOfAsync(ServiceProcess process)
    {
        // Kestrel renews its Date header once a second.
        await Task.Delay(1500, TestContext.Current.CancellationToken);
        using var http = new HttpClient();
        using var answer = await http.GetAsync(
            string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{process.HttpPort}/health"),
            TestContext.Current.CancellationToken
        );
        return answer.Headers.Date!.Value;
    }
}
