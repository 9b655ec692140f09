using Kd.Training.Studies;

namespace Kd.Training.Tests.Studies;

public sealed class PulseTests
{
    [Fact]
    public void Lives_OnlyWhereABeatWasSeenToChangeAndNotLongAgo()
    {
        var time = new Clock();
        var pulse = new Pulse(time);
        // Of a trainer that may have been killed yesterday.
        Assert.False(pulse.Lives("one", 7));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(pulse.Lives("one", 7));
        // Another machine's clock may be behind.
        Assert.True(pulse.Lives("one", 3));
        time.Advance(TimeSpan.FromSeconds(9));
        Assert.True(pulse.Lives("one", 3));
        Assert.False(pulse.Lives("other", 3));
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.False(pulse.Lives("one", 3));
        Assert.True(pulse.Lives("one", 4));
    }

    private sealed class Clock : TimeProvider
    {
        private long _ticks = 1;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public void Advance(TimeSpan time) => _ticks += time.Ticks;
    }
}
