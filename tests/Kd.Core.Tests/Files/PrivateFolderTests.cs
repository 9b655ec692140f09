using Kd.Core.Files;
using Kd.Tests;

namespace Kd.Core.Tests.Files;

public sealed class PrivateFolderTests
{
    [Fact]
    public void Create_NestedFolder_IsItsOwnersOnly()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "needs Unix permissions");
        if (OperatingSystem.IsWindows())
            return;
        using var folder = TestFiles.CreateFolder();

        PrivateFolder.Create(folder.File("a/b"));

        const UnixFileMode owner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        Assert.Equal((owner, owner), (File.GetUnixFileMode(folder.File("a")), File.GetUnixFileMode(folder.File("a/b"))));
        Assert.True(PrivateFolder.IsWritableByOwnerOnly(folder.File("a/b")));
        File.SetUnixFileMode(folder.File("a/b"), owner | UnixFileMode.OtherWrite);
        Assert.False(PrivateFolder.IsWritableByOwnerOnly(folder.File("a/b")));
    }
}
