using System.Runtime.Intrinsics.X86;

namespace Kd.Vision.Runtime;

/// <summary>Tells whether the processor reports its cache sizes.</summary>
internal static class ProcessorCaches
{
    // CPUID leaves with the "deterministic cache parameters" of Intel and AMD; bits 0 to 4 of EAX are the cache type, 0 if there is no cache.
    private const uint Intel = 4,
        Amd = 0x8000_001D,
        Extended = 0x8000_0000,
        KindMask = 0x1F;

    /// <summary>True on an x86 processor, usually a virtual one, that reports no cache.</summary>
    public static bool AreHidden => X86Base.IsSupported && !ListsOne(0, Intel) && !ListsOne(Extended, Amd);

    private static bool ListsOne(uint range, uint leaf) => Read(range) >= leaf && (Read(leaf) & KindMask) != 0;

    private static uint Read(uint leaf) => unchecked((uint)X86Base.CpuId((int)leaf, 0).Eax);
}
