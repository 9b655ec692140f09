using Kd.ServiceDefaults.Telemetry;

namespace Kd.ServiceDefaults.Tests.Telemetry;

public sealed class LoadAverageTests
{
    [Fact]
    public void Value_AfterOneTimeConstant_IsWhatTheExponentialSays()
    {
        var clock = new Clock();
        var load = new LoadAverage(clock);

        load.Add(64);
        clock.Advance(30);

        // 64 (1 - 1/e)
        Assert.Equal(40.46, load.Value);
    }

    // A scaler that polls in between would never see the views.
    [Fact]
    public void Value_ShortBursts_IsTheirShareOfTheTime()
    {
        var clock = new Clock();
        var load = new LoadAverage(clock);

        for (var second = 0; second < 600; second++)
        {
            load.Add(100);
            clock.Advance(0.1);
            load.Add(-100);
            clock.Advance(0.9);
        }

        Assert.Equal(10, load.Value, 0.3);
    }

    [Fact]
    public void Value_FiveMinutesAfterTheLastItem_IsZero()
    {
        var clock = new Clock();
        var load = new LoadAverage(clock);
        load.Add(64);
        clock.Advance(3600);
        load.Add(-64);

        clock.Advance(60);
        Assert.Equal(8.66, load.Value);
        clock.Advance(240);
        Assert.Equal(0, load.Value);
    }
}
