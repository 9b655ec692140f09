namespace Kd.Core.Files;

/// <summary>Creates folders that other users of the machine can neither read nor write.</summary>
public static class PrivateFolder
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
        OthersWrite = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    /// <summary>Creates a folder with its parents, so that they survive a power failure; existing ones keep their permissions.</summary>
    /// <exception cref="IOException">It cannot be created.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be created.</exception>
    public static DirectoryInfo Create(string path)
    {
        if (OperatingSystem.IsWindows())
            return Directory.CreateDirectory(path);
        // The system gives its default permissions to the parents that it creates.
        var missing = new Stack<string>();
        for (var at = Path.GetFullPath(path); !Directory.Exists(at); at = Path.GetDirectoryName(at)!)
            missing.Push(at);
        foreach (var folder in missing)
        {
            Directory.CreateDirectory(folder, OwnerOnly);
            AtomicFile.FlushFolderOf(folder);
        }

        return new DirectoryInfo(Path.GetFullPath(path));
    }

    /// <summary>Whether only the folder's owner can put files there; always true on Windows, where programs and profiles are protected by default.</summary>
    public static bool IsWritableByOwnerOnly(string path) => OperatingSystem.IsWindows() || (File.GetUnixFileMode(path) & OthersWrite) == 0;
}
