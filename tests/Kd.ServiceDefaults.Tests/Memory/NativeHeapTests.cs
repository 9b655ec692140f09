using System.Runtime.InteropServices;
using Kd.ServiceDefaults.Memory;

namespace Kd.ServiceDefaults.Tests.Memory;

public sealed unsafe class NativeHeapTests
{
    private const int Blocks = 4096,
        BlockSize = 16 << 10;

    [Fact]
    public void TryTrim_MemoryThatAThreadHasFreed_IsReturned()
    {
        Assert.SkipUnless(RuntimeInformation.RuntimeIdentifier.StartsWith("linux", StringComparison.Ordinal), "needs Linux with glibc");
        nint kept = 0;
        // Freed from below while a block above is in use, which keeps the heap from shrinking.
        var thread = new Thread(() => kept = FreeAllButTheLast());
        thread.Start();
        thread.Join();
        var before = Environment.WorkingSet;

        var done = NativeHeap.TryTrim();

        Assert.True(done, "the C library cannot trim");
        Assert.InRange(before - Environment.WorkingSet, Blocks * BlockSize / 2, long.MaxValue);
        NativeMemory.Free((void*)kept);
    }

    private static nint FreeAllButTheLast()
    {
        var blocks = new nint[Blocks];
        for (var i = 0; i < blocks.Length; i++)
        {
            blocks[i] = (nint)NativeMemory.Alloc(BlockSize);
            NativeMemory.Fill((void*)blocks[i], BlockSize, 1);
        }

        foreach (var block in blocks.AsSpan(..^1))
            NativeMemory.Free((void*)block);
        return blocks[^1];
    }
}
