using System.Runtime.InteropServices;

namespace Kd.Core.Files;

/// <summary>Writes files so that after a crash at any moment either the old or the new content is complete.</summary>
public static partial class AtomicFile
{
    /// <summary>Writes a temporary file (<c>path.part</c>), flushes it to the disk and renames it; at most one writer per path is supported.</summary>
    /// <param name="path">The file; its folder must exist.</param>
    /// <param name="write">Writes the content.</param>
    /// <exception cref="IOException">The file cannot be written; an existing one is unchanged.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        var aside = path + ".part";
        try
        {
            using (var file = new FileStream(aside, FileMode.Create, FileAccess.Write))
            {
                write(file);
                file.Flush(flushToDisk: true);
            }

            Move(aside, path);
        }
        catch
        {
            File.Delete(aside);
            throw;
        }
    }

    /// <summary>Appends to a file and flushes it to the disk; where that fails, the file has its former length again.</summary>
    /// <param name="path">The file; it is created if it does not exist.</param>
    /// <param name="content">The bytes to append.</param>
    /// <exception cref="IOException">The bytes cannot be written, for example since the disk is full.</exception>
    public static void Append(string path, ReadOnlySpan<byte> content)
    {
        var isNew = !File.Exists(path);
        using (var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read, bufferSize: 0))
        {
            var length = file.Seek(0, SeekOrigin.End);
            try
            {
                file.Write(content);
                file.Flush(flushToDisk: true);
            }
            catch (IOException)
            {
                Restore(file, length);
                throw;
            }
        }

        if (isNew)
            FlushFolderOf(path);
    }

    private static void Restore(FileStream file, long length)
    {
        try
        {
            file.SetLength(length);
        }
        catch (IOException)
        {
            // The disk has failed altogether. Readers ignore an incomplete last line.
        }
    }

    /// <summary>Renames a file, replacing an existing one, and flushes the folder: only then does the new name survive a power failure.</summary>
    /// <param name="from">The file; it must already be flushed.</param>
    /// <param name="to">Its new name, in the same folder.</param>
    public static void Move(string from, string to)
    {
        File.Move(from, to, overwrite: true);
        FlushFolderOf(to);
    }

    /// <summary>Flushes the folder of a file or folder, without which its name does not survive a power failure.</summary>
    /// <remarks>Some file systems refuse to flush a folder; the change has taken place anyway.</remarks>
    internal static void FlushFolderOf(string path)
    {
        const int readOnly = 0;
        if (OperatingSystem.IsWindows())
            return;
        var descriptor = OpenFile(Path.GetDirectoryName(Path.GetFullPath(path))!, readOnly);
        if (descriptor < 0)
            return;
        _ = Flush(descriptor);
        _ = Close(descriptor);
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenFile(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync")]
    private static partial int Flush(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
