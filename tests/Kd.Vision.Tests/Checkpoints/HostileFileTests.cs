using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Kd.Tests;
using Kd.Vision.Checkpoints;

namespace Kd.Vision.Tests.Checkpoints;

/// <summary>Tests weights files that promise more than they hold: they must be refused before memory is filled.</summary>
public sealed class HostileFileTests
{
    private const long MostBytes = 400L << 20;

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "overlap")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", "overlap")]
    [InlineData("""{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}""", "hole")]
    [InlineData("""{"a":{"dtype":"U8","shape":[7],"data_offsets":[1,8]}}""", "hole")]
    [InlineData("""{"a":{"dtype":"U8","shape":[7],"data_offsets":[0,7]}}""", "end at byte 7 of 8")]
    public void Read_SafetensorsWithOverlapsOrHoles_AreRefused(string header, string reason)
    {
        using var folder = TestFiles.CreateFolder();
        var bytes = Encoding.UTF8.GetBytes(header);
        File.WriteAllBytes(folder.File("a"), [.. BitConverter.GetBytes((long)bytes.Length), .. bytes, .. new byte[8]]);

        var error = Assert.Throws<CheckpointException>(() => Checkpoint.Read(folder.File("a")));

        Assert.Contains(reason, error.Message);
    }

    [Fact]
    public void Read_SafetensorsOfOneTensorThatNoArrayHolds_IsRefused()
    {
        using var folder = TestFiles.CreateFolder();
        const long size = 2_200_000_000;
        var header = Encoding.UTF8.GetBytes($$$"""{"a":{"dtype":"U8","shape":[{{{size}}}],"data_offsets":[0,{{{size}}}]}}""");
        // The file is sparse: it takes no space.
        using (var file = File.Create(folder.File("a")))
        {
            file.Write([.. BitConverter.GetBytes((long)header.Length), .. header]);
            file.SetLength(file.Length + size);
        }

        Assert.Contains("at most", Assert.Throws<CheckpointException>(() => Checkpoint.Read(folder.File("a"))).Message);
    }

    // The hash of a long is that of its halves' difference: all of these have the same, and each would be compared with all before it.
    [Fact]
    public async Task Read_PickleWhoseKeysHaveOneHash_IsReadInItsTime()
    {
        using var folder = TestFiles.CreateFolder();
        const int keys = 150_000;
        var pickle = new MemoryStream();
        // PROTO 2, EMPTY_DICT, MARK; LONG1 of 8 bytes and NONE each; SETITEMS, STOP.
        pickle.Write([0x80, 2, (byte)'}', (byte)'(']);
        for (var key = 1L; key <= keys; key++)
            pickle.Write([0x8A, 8, .. BitConverter.GetBytes((key << 32) | key), (byte)'N']);
        pickle.Write("u."u8);
        using var buffer = new MemoryStream();
        using (var archive = new ZipArchive(buffer, ZipArchiveMode.Create, leaveOpen: true))
        using (var entry = archive.CreateEntry("x/data.pkl", CompressionLevel.NoCompression).Open())
            entry.Write(pickle.ToArray());
        File.WriteAllBytes(folder.File("slow.pth"), buffer.ToArray());

        var reading = Task.Run(() => Assert.Throws<CheckpointException>(() => Checkpoint.Read(folder.File("slow.pth"))), TestContext.Current.CancellationToken);
        await reading.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
    }

    [Fact]
    public void Read_ZipWhoseEntriesShareBytes_IsRefused()
    {
        using var folder = TestFiles.CreateFolder();
        using var buffer = new MemoryStream();
        using (var archive = new ZipArchive(buffer, ZipArchiveMode.Create, leaveOpen: true))
        {
            Add(archive, "x/data.pkl", 10);
            Add(archive, "x/data/00", 100_000);
        }

        File.WriteAllBytes(folder.File("bomb.pth"), RepeatLastEntry(buffer.ToArray(), 50));

        var error = Assert.Throws<CheckpointException>(() => Checkpoint.Read(folder.File("bomb.pth")));

        Assert.Contains("overlap", error.Message);
    }

    [Theory]
    [MemberData(nameof(Pickles))]
    public void Read_PickleThatFillsMemory_IsRefused(string kind, byte[] pickle)
    {
        using var folder = TestFiles.CreateFolder();
        File.WriteAllBytes(folder.File("bomb.th"), pickle);
        var before = GC.GetAllocatedBytesForCurrentThread();

        var error = Assert.Throws<CheckpointException>(() => Checkpoint.Read(folder.File("bomb.th")));

        Assert.Contains("opcodes", error.Message);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < MostBytes, $"{kind} took {GC.GetAllocatedBytesForCurrentThread() - before} bytes");
    }

    public static TheoryData<string, byte[]> Pickles =>
        new()
        {
            { "dicts", [.. Bytes("\u0080\u0002"), .. Repeat("}", 8 << 20)] },
            // A list of 100,000 pairs, which each call reads.
            {
                "long lists",
                [
                    .. Bytes("\u0080\u0002K\u0001K\u0002\u0086q\u0002]q\u0000("),
                    .. Repeat("h\u0002", 100_000),
                    .. Bytes("e\u0085q\u0001"),
                    .. Repeat("ccollections\nOrderedDict\nh\u0001R", 100_000),
                ]
            },
            // A shape of 100,000 sizes, which each call copies.
            {
                "long shapes",
                [.. Bytes("\u0080\u0002("), .. Repeat("K\u0001", 100_000), .. Bytes("tq\u0000"), .. Repeat("ctorch\nSize\nh\u0000\u0085R", 100_000)]
            },
        };

    private static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);

    private static byte[] Repeat(string text, int times) => Bytes(string.Concat(Enumerable.Repeat(text, times)));

    private static void Add(ZipArchive archive, string name, int length)
    {
        using var stream = archive.CreateEntry(name, CompressionLevel.NoCompression).Open();
        stream.Write(new byte[length]);
    }

    // Lists the last entry many times in the central directory, each time under another name of the same length.
    private static byte[] RepeatLastEntry(byte[] zip, int times)
    {
        const int headerSize = 46,
            endSize = 22,
            nameLength = 9;
        var end = zip.Length - endSize;
        var directory = BinaryPrimitives.ReadInt32LittleEndian(zip.AsSpan(end + 16));
        var last = zip[(end - headerSize - nameLength)..end];
        var copies = Enumerable.Range(10, times).SelectMany(number => (byte[])[.. last[..^2], .. Encoding.ASCII.GetBytes($"{number}")]).ToArray();
        var trailer = zip[end..];
        var entries = (short)(2 + times);
        BinaryPrimitives.WriteInt16LittleEndian(trailer.AsSpan(8), entries);
        BinaryPrimitives.WriteInt16LittleEndian(trailer.AsSpan(10), entries);
        BinaryPrimitives.WriteInt32LittleEndian(trailer.AsSpan(12), end - directory + copies.Length);
        return [.. zip[..end], .. copies, .. trailer];
    }
}
