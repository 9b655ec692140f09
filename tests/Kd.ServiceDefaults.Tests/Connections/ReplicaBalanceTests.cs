using Kd.ServiceDefaults.Connections;

namespace Kd.ServiceDefaults.Tests.Connections;

public sealed class ReplicaBalanceTests
{
    // A proxy has put five of six connections on one replica.
    [Fact]
    public void Next_UnevenConnections_GivesReplicasEvenShares()
    {
        string[] leadsTo = ["a", "a", "a", "b", "a", "a"];
        var balance = new ReplicaBalance(leadsTo.Length, TimeProvider.System);
        var calls = new Dictionary<string, int> { ["a"] = 0, ["b"] = 0 };
        for (var call = 0; call < 1000; call++)
        {
            var connection = balance.Next("Label", 1);
            calls[leadsTo[connection]]++;
            balance.Answered(connection, leadsTo[connection]);
        }

        Assert.InRange(calls["b"], 490, 500);
    }

    // Calls of the two kinds alternate, as lookups and passes do.
    [Fact]
    public void Next_TwoAlternatingKinds_SpreadsEachIndependently()
    {
        string[] leadsTo = ["a", "b", "c"];
        var balance = new ReplicaBalance(3, TimeProvider.System);
        var costs = new Dictionary<(string, string), long>();
        for (var call = 0; call < 600; call++)
        {
            var (kind, cost) = call % 2 == 0 ? ("Lookup", 16) : ("Label", 1 + call % 7);
            var replica = leadsTo[balance.Next(kind, cost)];
            costs[(kind, replica)] = costs.GetValueOrDefault((kind, replica)) + cost;
        }

        foreach (var kind in costs.GroupBy(entry => entry.Key.Item1))
            Assert.True(kind.Max(entry => entry.Value) - kind.Min(entry => entry.Value) <= 16, string.Join(", ", kind));
        Assert.Equal(6, costs.Count);
    }

    [Fact]
    public void Next_ReplicaFailsAndRecovers_GetsItsShareButDoesNotCatchUp()
    {
        string[] leadsTo = ["a", "b"];
        var clock = new Clock();
        var balance = new ReplicaBalance(2, clock);
        Run(100, failing: false);
        // It is retried only when its pause ends.
        Assert.Equal(1, Run(100, failing: true)["b"]);
        clock.Advance(TimeSpan.FromSeconds(0.6));
        Assert.Equal(1, Run(100, failing: true)["b"]);
        clock.Advance(TimeSpan.FromSeconds(0.6));
        Assert.Equal(0, Run(100, failing: true)["b"]);
        clock.Advance(TimeSpan.FromSeconds(0.6));
        Assert.InRange(Run(100, failing: false)["b"], 45, 55);

        Dictionary<string, int> Run(int count, bool failing)
        {
            var calls = new Dictionary<string, int> { ["a"] = 0, ["b"] = 0 };
            for (var call = 0; call < count; call++)
            {
                var connection = balance.Next("Label", 1);
                calls[leadsTo[connection]]++;
                if (failing && leadsTo[connection] == "b")
                    balance.Failed(connection);
                else
                    balance.Answered(connection, leadsTo[connection]);
            }

            return calls;
        }
    }

    [Fact]
    public void Next_AllFailed_TriesTheOneWhosePauseEndsFirst()
    {
        var clock = new Clock();
        var balance = new ReplicaBalance(2, clock);
        balance.Failed(0);
        clock.Advance(TimeSpan.FromSeconds(0.2));
        balance.Failed(1);
        Assert.Equal(0, balance.Next("Label", 1));
        balance.Failed(0);
        Assert.Equal(1, balance.Next("Label", 1));
    }

    private sealed class Clock : TimeProvider
    {
        private long _now;

        public override long GetTimestamp() => _now;

        public void Advance(TimeSpan by) => _now += (long)(by.TotalSeconds * TimestampFrequency);
    }
}
