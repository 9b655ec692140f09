using System.Runtime.InteropServices;
using Kd.Core.Files;
using Kd.Training.Diagnostics;
using Kd.Vision.Views;
using Microsoft.Win32.SafeHandles;

namespace Kd.Training.Shards;

/// <summary>Stores the labels of views for look-ups in any order, which parquet files do not support.</summary>
/// <remarks>
/// Memory has 20 bytes a view: its id and its row in a temporary file, which the operating system caches as far as there is memory. On Unix the file is
/// unlinked as soon as it is open, so that it disappears with the process even if it is killed; on Windows the system deletes it.
/// </remarks>
internal sealed class LabelStore : IDisposable
{
    private readonly FileStream _file;
    private readonly SafeFileHandle _handle;
    private readonly string _folder;
    private readonly int _size;
    private readonly List<UInt128> _views = [];
    private int[] _rows = [];

    /// <param name="folder">Folder of the temporary file.</param>
    /// <param name="size">Size of a label, bytes.</param>
    public LabelStore(string folder, int size)
    {
        (_folder, _size) = (folder, size);
        PrivateFolder.Create(folder);
        var path = Path.Combine(folder, $"labels-{Environment.ProcessId}-{Guid.NewGuid():N}.tmp");
        _file = new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, 1 << 20, FileOptions.DeleteOnClose);
        if (!OperatingSystem.IsWindows())
            File.Delete(path);
        _handle = _file.SafeFileHandle;
    }

    /// <summary>Number of labels.</summary>
    public int Count => _views.Count;

    /// <summary>Adds a label.</summary>
    /// <exception cref="TrainingException">The disk is full.</exception>
    public void Add(ViewId view, ReadOnlySpan<byte> label)
    {
        try
        {
            _file.Write(label);
        }
        catch (IOException error)
        {
            throw Explain(error);
        }

        _views.Add(view.Value);
    }

    /// <summary>Ends the adding, and sorts the views for look-ups.</summary>
    /// <exception cref="TrainingException">The disk is full.</exception>
    public void Complete()
    {
        try
        {
            _file.Flush();
        }
        catch (IOException error)
        {
            throw Explain(error);
        }

        _rows = [.. Enumerable.Range(0, Count)];
        CollectionsMarshal.AsSpan(_views).Sort(_rows.AsSpan());
    }

    /// <summary>Reads the label of a view, the one that was added first if there are several; safe on any thread.</summary>
    /// <returns>False if there is none.</returns>
    public bool TryRead(ViewId view, Span<byte> label)
    {
        var views = CollectionsMarshal.AsSpan(_views);
        var found = views.BinarySearch(view.Value);
        if (found < 0)
            return false;
        var row = _rows[found];
        for (var i = found - 1; i >= 0 && views[i] == view.Value; i--)
            row = Math.Min(row, _rows[i]);
        for (var i = found + 1; i < views.Length && views[i] == view.Value; i++)
            row = Math.Min(row, _rows[i]);
        return RandomAccess.Read(_handle, label, (long)row * _size) == _size;
    }

    public void Dispose() => _file.Dispose();

    private TrainingException Explain(IOException error) =>
        new(
            $"The labels ({_size} bytes a view) cannot be copied to a temporary file in '{_folder}' (Run:Folder): {error.Message} Free space there, or set "
                + "another Run:Folder.",
            error
        );
}
