using System.Buffers;
using System.IO.MemoryMappedFiles;
using Kd.Core.Files;
using Kd.Vision.Imaging;

namespace Kd.Vision.Datasets;

/// <summary>
/// Stores decoded pictures in memory-mapped files. The operating system caches as much as fits in memory, and a picture that is read again need not be decoded.
/// </summary>
/// <remarks>
/// Source of the idea: Leclerc et al. 2023, "FFCV: Accelerating Training by Removing Data Bottlenecks". The files disappear with the process, even
/// if it is killed: on Unix they are unlinked as soon as they are open, on Windows the system deletes them. They are written with ordinary writes
/// and only read through the mapping, so that a full disk is an exception that can be caught; the store then accepts no more pictures.
/// </remarks>
internal sealed class DecodedStore(string folder, long limit)
{
    private const long SegmentBytes = 256L << 20;
    private readonly Lock _gate = new();
    private readonly List<Segment> _segments = [];
    private long _left = limit;
    private bool _isClosed;

    /// <summary>Adds a picture if there is room; safe on any thread.</summary>
    /// <returns>The same picture backed by the store, or null if there is no room.</returns>
    public RgbImage? TryAdd(RgbImage image)
    {
        var bytes = image.Pixels.Length;
        try
        {
            if (Reserve(bytes) is not var (segment, offset))
                return null;
            return new RgbImage(image.Width, image.Height, segment.Write(offset, image.Pixels));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Volatile.Write(ref _isClosed, true);
            return null;
        }
    }

    private (Segment, long)? Reserve(int bytes)
    {
        lock (_gate)
        {
            if (_isClosed || bytes > _left)
                return null;
            if (_segments.Count == 0 || !_segments[^1].Fits(bytes))
            {
                if (_segments.Count == 0 && !TryOpen(bytes))
                    return null;
                _segments.Add(new Segment(Path.Combine(folder, $"decoded-{Environment.ProcessId}-{_segments.Count}.tmp"), Math.Max(SegmentBytes, bytes)));
            }

            _left -= bytes;
            return (_segments[^1], _segments[^1].Take(bytes));
        }
    }

    // Other programs need the disk too: half of the space that is free now is left to them.
    private bool TryOpen(int bytes)
    {
        PrivateFolder.Create(folder);
        _left = Math.Min(_left, new DriveInfo(Path.GetFullPath(folder)).AvailableFreeSpace / 2);
        return bytes <= _left;
    }

    private sealed class Segment
    {
        private readonly FileStream _file;
        private readonly MemoryMappedViewAccessor _view;
        private readonly long _size;
        private long _used;

        public Segment(string path, long size)
        {
            _size = size;
            _file = new FileStream(path, FileMode.Create, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, 1, FileOptions.DeleteOnClose);
            if (!OperatingSystem.IsWindows())
                File.Delete(path);
            _file.SetLength(size);
            var map = MemoryMappedFile.CreateFromFile(_file, null, size, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: true);
            _view = map.CreateViewAccessor(0, size, MemoryMappedFileAccess.Read);
        }

        public bool Fits(int bytes) => _used + bytes <= _size;

        public long Take(int bytes)
        {
            var offset = _used;
            _used += bytes;
            return offset;
        }

        public ReadOnlyMemory<byte> Write(long offset, ReadOnlySpan<byte> pixels)
        {
            RandomAccess.Write(_file.SafeFileHandle, pixels, offset);
            return new MappedBytes(_view, offset, pixels.Length).Memory;
        }
    }

    // Keeps the view alive as long as the picture is referenced.
    private sealed unsafe class MappedBytes(MemoryMappedViewAccessor view, long offset, int length) : MemoryManager<byte>
    {
        public override Span<byte> GetSpan() => new((byte*)view.SafeMemoryMappedViewHandle.DangerousGetHandle() + view.PointerOffset + offset, length);

        public override MemoryHandle Pin(int elementIndex = 0) =>
            new((byte*)view.SafeMemoryMappedViewHandle.DangerousGetHandle() + view.PointerOffset + offset + elementIndex);

        public override void Unpin() { }

        protected override void Dispose(bool disposing) { }
    }
}
