using Kd.Core.Randomness;
using Kd.Tests;
using Kd.Vision.Datasets;
using ParquetSharp;

namespace Kd.Vision.Tests.Datasets;

public sealed class ParquetPagesTests
{
    private const int Large = 64 << 20;

    // Pages of small values before and after it, in a column that is neither the first nor the last.
    [Theory]
    [InlineData(Compression.Brotli)]
    [InlineData(Compression.Gzip)]
    [InlineData(Compression.Zstd)]
    public void Check_PageThatUnpacksToFarMoreThanTheFile_IsRefused(Compression compression)
    {
        using var folder = TestFiles.CreateFolder();
        Write(folder.File("bomb.parquet"), compression, [.. Values(2000), new byte[Large], .. Values(10)]);

        var error = Assert.Throws<InvalidDataException>(() => ParquetPages.Check(folder.File("bomb.parquet")));

        Assert.Matches(@"one of its pages claims 67\d{6}, more than 16 times as many", error.Message);
    }

    [Theory]
    [InlineData(Compression.Uncompressed)]
    [InlineData(Compression.Zstd)]
    public void Check_ManyPagesThatHardlyCompress_AreAccepted(Compression compression)
    {
        using var folder = TestFiles.CreateFolder();
        Write(folder.File("plain.parquet"), compression, [.. Values(2000), Noise(Large)]);

        ParquetPages.Check(folder.File("plain.parquet"));
    }

    // The library says what is wrong; this check must only not fail on it.
    [Fact]
    public void Check_DamagedFile_EndsWithoutAFault()
    {
        using var folder = TestFiles.CreateFolder();
        Write(folder.File("a.parquet"), Compression.Snappy, Values(200));
        var whole = File.ReadAllBytes(folder.File("a.parquet"));
        for (var at = 0; at < whole.Length; at += 3)
        {
            var damaged = whole.ToArray();
            damaged[at] ^= (byte)(0x11 << (at % 4));
            File.WriteAllBytes(folder.File("b.parquet"), at % 2 == 0 ? damaged : whole[..at]);
            try
            {
                ParquetPages.Check(folder.File("b.parquet"));
            }
            catch (InvalidDataException error)
            {
                Assert.Contains("one of its pages claims", error.Message);
            }
        }
    }

    private static void Write(string path, Compression compression, byte[][] values)
    {
        Column[] columns = [new Column<int>("id"), new Column<byte[]>("content"), new Column<string>("name")];
        using var properties = new WriterPropertiesBuilder().Compression(compression).DataPagesize(1 << 14).DisableDictionary().Build();
        using var file = new ParquetFileWriter(path, columns, properties);
        foreach (var group in values.Chunk(1500))
        {
            using var rows = file.AppendRowGroup();
            using (var ids = rows.NextColumn().LogicalWriter<int>())
                ids.WriteBatch([.. Enumerable.Range(0, group.Length)]);
            using (var content = rows.NextColumn().LogicalWriter<byte[]>())
                content.WriteBatch(group);
            using (var names = rows.NextColumn().LogicalWriter<string>())
                names.WriteBatch([.. group.Select((_, i) => $"picture {i}")]);
        }

        file.Close();
    }

    private static byte[][] Values(int count) => [.. Enumerable.Range(0, count).Select(i => Noise(100 + i % 50))];

    private static byte[] Noise(int length)
    {
        var (random, bytes) = (new CounterRandom(7, (ulong)length), new byte[length]);
        for (var at = 0; at < length; at++)
            bytes[at] = (byte)random.NextInt32(256);
        return bytes;
    }
}
