using Kd.AppHost.Supervision;

namespace Kd.AppHost.Tests.Supervision;

public sealed class ReplicaTests
{
    private static readonly DateTime s_first = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc),
        s_second = s_first.AddSeconds(9);
    private readonly Replica _replica = new();

    [Fact]
    public void Follow_EndToldAgainAfterTheNextStart_CountsEachEndOnce()
    {
        Assert.Null(_replica.Follow(KnownResourceStates.Starting, null, 1));
        Assert.Null(_replica.Follow(KnownResourceStates.Running, null, 2));
        Assert.Equal(1, _replica.Follow(KnownResourceStates.Exited, s_first, 3));
        Assert.Null(_replica.Follow(KnownResourceStates.Exited, s_first, 4));

        Assert.Null(_replica.Follow(KnownResourceStates.Starting, null, 5));
        Assert.Null(_replica.Follow(KnownResourceStates.Exited, s_first, 6));
        Assert.Null(_replica.Follow(KnownResourceStates.Running, null, 7));

        Assert.Equal(5, _replica.Follow(KnownResourceStates.Exited, s_second, 8));
    }

    [Fact]
    public void Follow_StoppedByTheUser_CountsNoEndUntilItIsStartedAgain()
    {
        _replica.Follow(KnownResourceStates.Running, null, 1);
        Assert.Null(_replica.Follow(KnownResourceStates.Stopping, null, 2));
        Assert.Null(_replica.Follow(KnownResourceStates.Exited, s_first, 3));

        _replica.Follow(KnownResourceStates.Starting, null, 4);
        Assert.Equal(4, _replica.Follow(KnownResourceStates.Exited, s_second, 5));
    }
}
