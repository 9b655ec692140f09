using Kd.Tests;
using Kd.Vision.Runtime;

namespace Kd.Vision.Tests.Runtime;

/// <summary>Tests where the mended native library is taken from: it is code that will run.</summary>
public sealed class BridgeCopyTests
{
    private static readonly byte[] s_content = [1, 2, 3];

    [Fact]
    public void FindOrWriteCopy_FileOfThatNameAndLengthWithOtherBytes_IsReplaced()
    {
        using var folder = TestFiles.CreateFolder();
        Directory.CreateDirectory(folder.File("own"));
        File.WriteAllBytes(folder.File("own/bridge.so"), [6, 6, 6]);

        var copy = TorchRuntime.FindOrWriteCopy([folder.File("own")], "bridge.so", s_content);

        Assert.Equal(folder.File("own/bridge.so"), copy);
        Assert.Equal(s_content, File.ReadAllBytes(copy!));
    }

    // Others could exchange the file after it was compared.
    [Fact]
    public void FindOrWriteCopy_FolderThatOthersCanWriteTo_IsNotUsed()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "needs Unix permissions");
        if (OperatingSystem.IsWindows())
            return;
        using var folder = TestFiles.CreateFolder();
        Directory.CreateDirectory(folder.File("shared"));
        File.SetUnixFileMode(folder.File("shared"), (UnixFileMode)0b111_111_111);
        File.WriteAllBytes(folder.File("shared/bridge.so"), s_content);

        Assert.Null(TorchRuntime.FindOrWriteCopy([folder.File("shared")], "bridge.so", s_content));
        Assert.Equal(folder.File("own/bridge.so"), TorchRuntime.FindOrWriteCopy([folder.File("shared"), folder.File("own")], "bridge.so", s_content));
    }
}
