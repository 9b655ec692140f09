using System.Globalization;
using Kd.Vision.Runtime;
using static TorchSharp.torch;

namespace Kd.Vision.Tests.Runtime;

public sealed class LargeBlockTests
{
    // 48 MB: glibc itself keeps blocks up to 32 MB, and heaps of threads are 64 MB.
    private const int Floats = 12 << 20;
    private const long PageSize = 4096;

    // As each step or pass does with its activations.
    [Fact]
    public void Allocate_AsLargeAsOneThatWasFreed_TakesNoNewPages()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux, for the pages of this thread");
        TorchRuntime.EnsureLoaded();
        // An aligned block is freed without the few bytes around it, so that the first ones are too small for the next.
        Fill(times: 20);
        var before = PagesOfThisThread();
        Fill(times: 10);

        // Ten times as many without.
        Assert.InRange(PagesOfThisThread() - before, 0, Floats * sizeof(float) / PageSize);
    }

    private static void Fill(int times)
    {
        for (var i = 0; i < times; i++)
            ones(Floats).Dispose();
    }

    // Minor faults, field 10 of stat. Fields before it have no spaces but the second, which is in brackets.
    private static long PagesOfThisThread()
    {
        var stat = File.ReadAllText("/proc/thread-self/stat");
        return long.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[7], CultureInfo.InvariantCulture);
    }
}
