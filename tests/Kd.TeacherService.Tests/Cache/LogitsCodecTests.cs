using System.Text;
using Kd.Core.Randomness;
using Kd.TeacherService.Cache;
using Kd.Vision.Views;

namespace Kd.TeacherService.Tests.Cache;

public sealed class LogitsCodecTests
{
    private static readonly ViewId s_view = new(7);
    private static readonly LogitsCodec s_codec = new("0123", 4);
    private static readonly Half[] s_logits = [(Half)1.5, (Half)(-2), Half.MaxValue, (Half)0.1];

    [Fact]
    public void Key_TeacherAndView_HasTheDocumentedForm() =>
        Assert.Equal("kd:v1:0123:00000000000000000000000000000007", Encoding.ASCII.GetString(s_codec.Key(s_view)));

    [Fact]
    public void TryDecode_WholeEntry_GivesTheSameBits()
    {
        var entry = s_codec.Encode(s_view, s_logits);

        Assert.Equal(9 + 2 * 4, entry.Length);
        Assert.Equal(s_logits, Decode(s_codec, s_view, entry));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void TryDecode_AnyByteChangedCutOrAdded_IsAMiss(int topK)
    {
        var codec = new LogitsCodec("0123", 4, topK);
        var entry = codec.Encode(s_view, s_logits);
        for (var i = 0; i < entry.Length; i++)
        {
            for (var bit = 0; bit < 8; bit++)
            {
                var damaged = entry.ToArray();
                damaged[i] ^= (byte)(1 << bit);
                Assert.Null(Decode(codec, s_view, damaged));
            }

            Assert.Null(Decode(codec, s_view, entry[..i]));
        }

        Assert.Null(Decode(codec, s_view, [.. entry, 0]));
    }

    [Fact]
    public void TryDecode_RandomBytes_IsAMiss()
    {
        foreach (var codec in new[] { s_codec, new LogitsCodec("0123", 4, 2) })
        {
            for (ulong round = 0; round < 5000; round++)
            {
                var random = new CounterRandom(round, 2);
                var bytes = new byte[round % 3 == 0 ? codec.EntrySize : random.NextInt32(60)];
                for (var i = 0; i < bytes.Length; i++)
                    bytes[i] = (byte)random.NextInt32(256);
                // Half of them have a right version.
                if (bytes.Length > 0 && round % 2 == 0)
                    bytes[0] = (byte)(1 + round % 4 / 2);
                Assert.Null(Decode(codec, s_view, bytes));
            }
        }
    }

    // The checksum cannot detect an invalid payload that was sealed. It must give logits or a miss, never an exception.
    [Fact]
    public void TryDecode_AnyPayloadWithARightChecksum_IsLogitsOrAMiss()
    {
        var codec = new LogitsCodec("0123", 5, 2);
        var accepted = 0;
        for (ulong round = 0; round < 20_000; round++)
        {
            var random = new CounterRandom(round, 3);
            var entry = new byte[codec.EntrySize];
            for (var i = 9; i < entry.Length; i++)
                entry[i] = (byte)(round % 2 == 0 ? random.NextInt32(256) : random.NextInt32(7));
            // Half of them have a right k.
            if (round % 4 < 2)
                (entry[9], entry[10]) = (2, 0);
            codec.Seal(s_view, entry);
            var first = BitConverter.ToUInt16(entry, 13);
            var second = BitConverter.ToUInt16(entry, 15);
            var expected = entry[9] == 2 && entry[10] == 0 && first < 5 && second < 5;

            Assert.Equal(expected, Decode(codec, s_view, entry) is not null);
            accepted += expected ? 1 : 0;
        }

        Assert.InRange(accepted, 3, 15_000);
    }

    [Fact]
    public void TryDecode_EntryOfAnotherViewTeacherOrClassCount_IsAMiss()
    {
        var entry = s_codec.Encode(s_view, s_logits);

        Assert.Null(Decode(s_codec, new ViewId(8), entry));
        Assert.Null(Decode(new LogitsCodec("0124", 4), s_view, entry));
        Assert.Null(Decode(new LogitsCodec("0123", 5), s_view, entry));
        Assert.Null(Decode(new LogitsCodec("0123", 4, 2), s_view, entry));
    }

    // Whoever can write to Redis knows everything but the secret.
    [Fact]
    public void TryDecode_EntryWithoutTheSecretOrWithAnother_IsAMiss()
    {
        var codec = new LogitsCodec("0123", 4, secret: "a secret of 16 letters");

        Assert.Equal(s_logits, Decode(codec, s_view, codec.Encode(s_view, s_logits)));
        Assert.Null(Decode(codec, s_view, s_codec.Encode(s_view, s_logits)));
        Assert.Null(Decode(codec, s_view, new LogitsCodec("0123", 4, secret: "another secret of 16").Encode(s_view, s_logits)));
        Assert.Null(Decode(s_codec, s_view, codec.Encode(s_view, s_logits)));
        var moved = codec.Encode(new ViewId(8), s_logits);
        Assert.Null(Decode(codec, s_view, moved));
    }

    // The two largest stay; the rest share their probability mass: ln((e^0 + e^1 + e^-1) / 3).
    [Fact]
    public void TryDecode_TopK_KeepsTheLargestAndSpreadsTheRemainingMass()
    {
        var codec = new LogitsCodec("0123", 5, 2);
        var entry = codec.Encode(s_view, [(Half)0, (Half)3, (Half)1, (Half)5, (Half)(-1)]);

        var logits = Decode(codec, s_view, entry)!;

        Assert.Equal(9 + 4 + 4 * 2, entry.Length);
        Assert.Equal(((Half)3, (Half)5), (logits[1], logits[3]));
        var rest = Math.Log((1 + Math.E + Math.Exp(-1)) / 3);
        Assert.All(new[] { 0, 2, 4 }, c => Assert.Equal(rest, (double)logits[c], 1e-3));
        Assert.Equal(1 + Math.E + Math.Exp(-1) + Math.Exp(3) + Math.Exp(5), logits.Sum(logit => Math.Exp((double)logit)), 0.01);
    }

    private static Half[]? Decode(LogitsCodec codec, ViewId view, byte[] entry)
    {
        var logits = new Half[codec.Classes];
        return codec.TryDecode(view, entry, logits) ? logits : null;
    }
}
