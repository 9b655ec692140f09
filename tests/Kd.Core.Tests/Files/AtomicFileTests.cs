using Kd.Core.Files;
using Kd.Tests;

namespace Kd.Core.Tests.Files;

public sealed class AtomicFileTests
{
    [Fact]
    public void Write_ExistingFile_ReplacesItAndLeavesNothingAside()
    {
        using var folder = TestFiles.CreateFolder();
        AtomicFile.Write(folder.File("a.txt"), file => file.Write("first"u8));
        AtomicFile.Write(folder.File("a.txt"), file => file.Write("second"u8));
        Assert.Equal("second", File.ReadAllText(folder.File("a.txt")));
        Assert.Single(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void Write_ContentFails_KeepsTheOldFile()
    {
        using var folder = TestFiles.CreateFolder();
        AtomicFile.Write(folder.File("a.txt"), file => file.Write("first"u8));
        Assert.Throws<InvalidOperationException>(() =>
            AtomicFile.Write(
                folder.File("a.txt"),
                file =>
                {
                    file.Write("half"u8);
                    throw new InvalidOperationException();
                }
            )
        );
        Assert.Equal("first", File.ReadAllText(folder.File("a.txt")));
        Assert.Single(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void Write_DiskFull_KeepsTheOldFile()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "needs /dev/full");
        using var folder = TestFiles.CreateFolder();
        AtomicFile.Write(folder.File("a.txt"), file => file.Write("first"u8));
        File.CreateSymbolicLink(folder.File("a.txt.part"), "/dev/full");
        Assert.Throws<IOException>(() => AtomicFile.Write(folder.File("a.txt"), file => file.Write("second"u8)));
        Assert.Equal("first", File.ReadAllText(folder.File("a.txt")));
    }

    [Fact]
    public void Append_NewAndExistingFile_AddsTheBytes()
    {
        using var folder = TestFiles.CreateFolder();
        AtomicFile.Append(folder.File("a.txt"), "first"u8);
        AtomicFile.Append(folder.File("a.txt"), " second"u8);
        Assert.Equal("first second", File.ReadAllText(folder.File("a.txt")));
    }

    [Fact]
    public void Append_DiskFullInTheMiddle_KeepsTheFormerLength()
    {
        using var folder = TestFiles.CreateFolder();
        using var disk = SmallDisk.Mount(folder.File("disk"), kilobytes: 8);
        var path = Path.Combine(disk.Path, "a.txt");
        AtomicFile.Append(path, new byte[3000]);

        Assert.Throws<IOException>(() => AtomicFile.Append(path, new byte[20_000]));

        Assert.Equal(3000, new FileInfo(path).Length);
        AtomicFile.Append(path, new byte[1000]);
    }
}
