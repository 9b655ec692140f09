using Kd.AppHost.Supervision;

namespace Kd.AppHost.Tests.Supervision;

public sealed class RestartPolicyTests
{
    private static readonly TimeSpan s_short = TimeSpan.FromSeconds(2);

    [Fact]
    public void NextPause_QuickFailures_GrowsAndGivesUp()
    {
        var policy = new RestartPolicy();
        var pauses = Enumerable.Range(0, 6).Select(_ => policy.NextPause(1, s_short)?.TotalSeconds).ToArray();
        Assert.Equal([1, 2, 4, 8, 16, null], pauses);
    }

    [Fact]
    public void NextPause_AfterALongLife_BeginsAnew()
    {
        var policy = new RestartPolicy();
        for (var i = 0; i < 4; i++)
            policy.NextPause(137, s_short);
        Assert.Equal(TimeSpan.FromSeconds(1), policy.NextPause(137, TimeSpan.FromHours(1)));
    }

    [Fact]
    public void NextPause_UsersMistake_IsNotRepeated() => Assert.Null(new RestartPolicy().NextPause(2, s_short));
}
