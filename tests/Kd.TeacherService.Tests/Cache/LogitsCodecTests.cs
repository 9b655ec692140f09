using Kd.TeacherService.Cache;
using Kd.Vision.Views;

namespace Kd.TeacherService.Tests.Cache;

public sealed class LogitsCodecTests
{
    private static readonly string s_key = LogitsCodec.Key("0123", new ViewId(7));
    private static readonly Half[] s_logits = [(Half)1.5, (Half)(-2), Half.MaxValue, (Half)0.1];

    [Fact]
    public void Key_TeacherAndView_HasTheDocumentedForm() => Assert.Equal("kd:v1:0123:00000000000000000000000000000007", s_key);

    [Fact]
    public void Decode_WholeEntry_GivesTheSameBits()
    {
        var entry = LogitsCodec.Encode(s_key, s_logits);

        Assert.Equal(9 + 2 * 4, entry.Length);
        Assert.Equal(s_logits, LogitsCodec.Decode(s_key, entry, 4));
    }

    [Fact]
    public void Decode_AnyByteChangedCutOrAdded_IsAMiss()
    {
        var entry = LogitsCodec.Encode(s_key, s_logits);
        for (var i = 0; i < entry.Length; i++)
        {
            for (var bit = 0; bit < 8; bit++)
            {
                var damaged = entry.ToArray();
                damaged[i] ^= (byte)(1 << bit);
                Assert.Null(LogitsCodec.Decode(s_key, damaged, 4));
            }

            Assert.Null(LogitsCodec.Decode(s_key, entry.AsSpan(0, i), 4));
        }

        Assert.Null(LogitsCodec.Decode(s_key, [.. entry, 0], 4));
    }

    [Fact]
    public void Decode_EntryOfAnotherKeyOrClassCount_IsAMiss()
    {
        var entry = LogitsCodec.Encode(s_key, s_logits);

        Assert.Null(LogitsCodec.Decode(LogitsCodec.Key("0124", new ViewId(7)), entry, 4));
        Assert.Null(LogitsCodec.Decode(s_key, entry, 5));
    }
}
