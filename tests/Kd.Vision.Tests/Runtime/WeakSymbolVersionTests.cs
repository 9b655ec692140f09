using System.Buffers.Binary;
using Kd.Vision.Runtime;

namespace Kd.Vision.Tests.Runtime;

public sealed class WeakSymbolVersionTests
{
    private const string Version = "GLIBCXX_3.4.32";

    [Fact]
    public void Mark_TorchSharpsBridge_ChangesOneFlagOnce()
    {
        var path = Path.Combine(AppContext.BaseDirectory, "runtimes", "linux-x64", "native", "libLibTorchSharp.so");
        Assert.SkipUnless(File.Exists(path), $"needs Linux on x86-64: {path} is absent");
        var original = File.ReadAllBytes(path);
        var marked = original.ToArray();

        Assert.Equal(1, WeakSymbolVersion.Mark(marked, Version));

        var changed = Enumerable.Range(0, original.Length).Where(i => original[i] != marked[i]).ToArray();
        Assert.Single(changed);
        Assert.Equal(2, BinaryPrimitives.ReadUInt16LittleEndian(marked.AsSpan(changed[0])));
        Assert.Equal(0, WeakSymbolVersion.Mark(marked, Version));
        Assert.Equal(0, WeakSymbolVersion.Mark(original, "GLIBCXX_9.9.99"));
    }

    [Fact]
    public void Mark_DamagedFiles_IsAnInvalidDataError()
    {
        var path = Path.Combine(AppContext.BaseDirectory, "runtimes", "linux-x64", "native", "libLibTorchSharp.so");
        Assert.SkipUnless(File.Exists(path), $"needs Linux on x86-64: {path} is absent");
        var original = File.ReadAllBytes(path);
        Assert.Throws<InvalidDataException>(() => WeakSymbolVersion.Mark(new byte[100], Version));
        Assert.Throws<InvalidDataException>(() => WeakSymbolVersion.Mark(original.AsSpan(0, 5000).ToArray(), Version));
    }
}
