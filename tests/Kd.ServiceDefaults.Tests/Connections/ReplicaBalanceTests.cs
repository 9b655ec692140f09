using Kd.ServiceDefaults.Connections;

namespace Kd.ServiceDefaults.Tests.Connections;

public sealed class ReplicaBalanceTests
{
    private readonly Clock _clock = new();

    // A proxy has put five of six connections on one replica.
    [Fact]
    public void Start_UnevenConnections_GivesReplicasEvenShares()
    {
        var fleet = new Fleet(_clock, "a", "a", "a", "b", "a", "a");

        fleet.Run(1000);

        Assert.InRange(fleet.Calls["b"], 490, 500);
    }

    // Calls of the two kinds alternate, as lookups and passes do.
    [Fact]
    public void Start_TwoAlternatingKinds_SpreadsEachIndependently()
    {
        var fleet = new Fleet(_clock, "a", "b", "c");
        var costs = new Dictionary<(string, string), long>();
        for (var call = 0; call < 600; call++)
        {
            var (kind, cost) = call % 2 == 0 ? ("Lookup", 16) : ("Label", 1 + call % 7);
            var started = fleet.Balance.Start(kind, cost)!;
            var replica = fleet.LeadsTo[started.Connection];
            costs[(kind, replica)] = costs.GetValueOrDefault((kind, replica)) + cost;
            fleet.Balance.Ended(started);
        }

        foreach (var kind in costs.GroupBy(entry => entry.Key.Item1))
            Assert.True(kind.Max(entry => entry.Value) - kind.Min(entry => entry.Value) <= 16, string.Join(", ", kind));
        Assert.Equal(6, costs.Count);
    }

    [Fact]
    public void Start_ReplicaFailsAndRecovers_GetsItsShareButDoesNotCatchUp()
    {
        var fleet = new Fleet(_clock, "a", "b");
        fleet.Run(100);
        fleet.Failing = "b";
        // It is retried only when its pause ends.
        Assert.Equal(1, fleet.Run(100)["b"]);
        _clock.Advance(0.6);
        Assert.Equal(1, fleet.Run(100)["b"]);
        _clock.Advance(0.6);
        Assert.Equal(0, fleet.Run(100)["b"]);
        _clock.Advance(0.6);
        fleet.Failing = "";
        Assert.InRange(fleet.Run(100)["b"], 45, 55);
    }

    [Fact]
    public void Start_AllFailed_TriesTheOneWhosePauseEndsFirst()
    {
        var fleet = new Fleet(_clock, "a", "b") { Failing = "ab" };
        var first = fleet.Call();
        _clock.Advance(0.2);
        var second = fleet.Call();
        Assert.NotEqual(first, second);
        Assert.Equal(first, fleet.Call());
        Assert.Equal(second, fleet.Call());
    }

    [Fact]
    public void Start_ReplicaThatIsAddedLater_GetsItsShareAtOnceButDoesNotCatchUp()
    {
        var fleet = new Fleet(_clock, "a", "b");
        fleet.Run(1000);

        fleet.Add("c");

        var calls = fleet.Run(90);
        Assert.All(calls.Values, count => Assert.InRange(count, 29, 31));
    }

    [Fact]
    public void Start_ConnectionThatIsNotEstablished_IsUsedOnlyIfNoOtherIs()
    {
        var fleet = new Fleet(_clock, "a", "b") { Cut = "b" };
        Assert.Equal(0, fleet.Run(100)["b"]);
        fleet.Cut = "ab";
        Assert.InRange(fleet.Run(100)["b"], 49, 100);
    }

    // Four calls at once: one that takes ten times as long holds up the batches behind it.
    [Fact]
    public void Start_SlowReplica_GetsFewerCallsUntilItIsFast()
    {
        var fleet = new Fleet(_clock, "a", "b", "c") { Slow = "c" };
        fleet.RunAtOnce(4, seconds: 30);

        var slow = fleet.RunAtOnce(4, seconds: 60);
        Assert.InRange(slow["c"], 1, 60);
        Assert.InRange(slow["a"], 500, 700);
        Assert.InRange(slow["b"], 500, 700);

        fleet.Slow = "";
        fleet.RunAtOnce(4, seconds: 30);
        var fast = fleet.RunAtOnce(4, seconds: 60);
        Assert.All(fast.Values, count => Assert.InRange(count, 0.9 * fast.Values.Average(), 1.1 * fast.Values.Average()));
    }

    // The code of a new process is compiled during its first call.
    [Fact]
    public void Start_FirstCallToANewReplicaIsSlow_GetsItsShareNevertheless()
    {
        var fleet = new Fleet(_clock, "a", "b", "c");
        fleet.RunAtOnce(4, seconds: 10);
        fleet.Add("d");
        var first = fleet.Balance.Start("Label", 1)!;
        for (; fleet.LeadsTo[first.Connection] != "d"; first = fleet.Balance.Start("Label", 1)!)
            fleet.Balance.Ended(first);
        _clock.Advance(2);
        fleet.Balance.Answered(first, "d");

        var calls = fleet.RunAtOnce(4, seconds: 5);

        Assert.InRange(calls["d"], 0.8 * calls.Values.Average(), 1.2 * calls.Values.Average());
    }

    // A host that was cut off says nothing, not even that it is gone.
    [Fact]
    public void Start_ReplicaThatDoesNotRespond_GetsNoMoreCallsMeanwhile()
    {
        var fleet = new Fleet(_clock, "a", "b");
        fleet.RunAtOnce(2, seconds: 10);
        for (var call = fleet.Balance.Start("Label", 1)!; fleet.LeadsTo[call.Connection] != "b"; call = fleet.Balance.Start("Label", 1)!)
            fleet.Balance.Ended(call);
        _clock.Advance(2);

        var calls = fleet.RunAtOnce(4, seconds: 10);

        Assert.InRange(calls["b"], 0, 1);
        Assert.True(calls["a"] > 90, $"{calls["a"]} calls");
    }

    // Each client has 3 calls for each of its eighth.
    [Fact]
    public void Start_EightClientsOf64Replicas_KeepsTheReplicasBusy()
    {
        var load = new SharedLoad(_clock, clients: 8, replicas: 64, calls: 24);

        Assert.InRange(load.Run(60), 0.93 * load.Most(60), load.Most(60));
    }

    // Without an order of its own each client would call all new replicas first, and the same ones, and the others would be idle.
    [Fact]
    public void Start_TwiceTheReplicasOfEightClients_KeepsAllBusyFromThenOn()
    {
        var load = new SharedLoad(_clock, clients: 8, replicas: 32, calls: 24);
        load.Run(20);
        load.Add(32);
        // The calls that wait at the old ones return meanwhile.
        load.Run(2);

        Assert.InRange(load.Run(4), 0.9 * load.Most(4), 1.1 * load.Most(4));
    }

    [Fact]
    public void Remove_ConnectionWithACall_GetsNoNewOnesAndIsDoneWithItsLast()
    {
        var fleet = new Fleet(_clock, "a", "b");
        var call = fleet.Balance.Start("Label", 1)!;

        Assert.False(fleet.Balance.Remove(call.Connection));

        var name = fleet.LeadsTo[call.Connection];
        Assert.Equal(0, fleet.Run(10)[name]);
        Assert.True(fleet.Balance.Answered(call, name));
        Assert.Equal(0, fleet.Run(10)[name]);
    }

    [Fact]
    public void Start_NoConnection_IsNull() => Assert.Null(new ReplicaBalance(_clock).Start("Label", 1));

    [Fact]
    public void FindSurplus_ReplicaWithSeveralConnections_IsItsOldest()
    {
        var fleet = new Fleet(_clock, "a", "b", "b");
        Assert.Null(fleet.Balance.FindSurplus());
        fleet.Run(10);

        var surplus = fleet.Balance.FindSurplus();

        Assert.Equal(fleet.LeadsTo.First(entry => entry.Value == "b").Key, surplus);
        fleet.Balance.Remove(surplus!);
        Assert.Null(fleet.Balance.FindSurplus());
    }

    /// <summary>Connections that lead to replicas, with calls of 0.1 s.</summary>
    private sealed class Fleet
    {
        private readonly Clock _clock;

        public Fleet(Clock clock, params string[] replicas)
        {
            (_clock, Balance) = (clock, new ReplicaBalance(clock));
            Array.ForEach(replicas, Add);
        }

        public ReplicaBalance Balance { get; }

        public Dictionary<ReplicaConnection, string> LeadsTo { get; } = [];

        public Dictionary<string, int> Calls { get; private set; } = [];

        /// <summary>Replicas whose calls fail.</summary>
        public string Failing { get; set; } = "";

        /// <summary>Replicas whose connections are not established.</summary>
        public string Cut { get; set; } = "";

        /// <summary>Replica whose calls take 2 s.</summary>
        public string Slow { get; set; } = "";

        public void Add(string replica)
        {
            var connection = new ReplicaConnection(LeadsTo.Count, () => !Cut.Contains(replica, StringComparison.Ordinal));
            LeadsTo[connection] = replica;
            Balance.Add(connection);
        }

        /// <summary>Makes a call that takes no time, and returns its replica.</summary>
        public string Call()
        {
            var call = Balance.Start("Label", 1)!;
            End(call);
            return LeadsTo[call.Connection];
        }

        /// <summary>Makes calls one after another, and returns how many each replica got.</summary>
        public Dictionary<string, int> Run(int count)
        {
            Calls = LeadsTo.Values.Distinct().ToDictionary(replica => replica, _ => 0);
            for (var call = 0; call < count; call++)
                Calls[Call()]++;
            return Calls;
        }

        /// <summary>Keeps a number of calls in progress. A replica computes one call after another.</summary>
        public Dictionary<string, int> RunAtOnce(int calls, double seconds)
        {
            Calls = LeadsTo.Values.Distinct().ToDictionary(replica => replica, _ => 0);
            var free = Calls.Keys.ToDictionary(replica => replica, _ => _clock.Seconds);
            var running = new List<(double End, ReplicaCall Call)>();
            for (var end = _clock.Seconds + seconds; _clock.Seconds < end; )
            {
                while (running.Count < calls)
                {
                    var call = Balance.Start("Label", 1)!;
                    var replica = LeadsTo[call.Connection];
                    Calls[replica]++;
                    free[replica] = Math.Max(free[replica], _clock.Seconds) + (replica == Slow ? 2 : 0.1);
                    running.Add((free[replica], call));
                }

                var next = running.MinBy(entry => entry.End);
                running.Remove(next);
                _clock.Advance(Math.Max(0, next.End - _clock.Seconds));
                End(next.Call);
            }

            running.ForEach(entry => End(entry.Call));
            return Calls;
        }

        private void End(ReplicaCall call)
        {
            if (Failing.Contains(LeadsTo[call.Connection], StringComparison.Ordinal))
                Balance.Failed(call);
            else
                Balance.Answered(call, LeadsTo[call.Connection]);
        }
    }

    /// <summary>Clients that know only their own calls, of replicas that compute one call after another in 0.4 s each.</summary>
    private sealed class SharedLoad
    {
        private const double Pass = 0.4;
        private readonly Clock _clock;
        private readonly List<Fleet> _clients;
        private readonly Dictionary<string, double> _free = [];
        private readonly PriorityQueue<(Fleet Client, ReplicaCall Call), double> _running = new();
        private int _replicas;

        public SharedLoad(Clock clock, int clients, int replicas, int calls)
        {
            (_clock, _clients) = (clock, [.. Enumerable.Range(0, clients).Select(_ => new Fleet(clock))]);
            Add(replicas);
            for (var call = 0; call < calls; call++)
                _clients.ForEach(Start);
        }

        /// <summary>Number of calls that all replicas can compute in a time.</summary>
        public double Most(double seconds) => _replicas * seconds / Pass;

        public void Add(int replicas)
        {
            for (var end = _replicas + replicas; _replicas < end; _replicas++)
                _clients.ForEach(client => client.Add($"r{_replicas}"));
        }

        /// <summary>Lets each client start a call for each that ends, and returns how many ended.</summary>
        public int Run(double seconds)
        {
            var done = 0;
            for (var until = _clock.Seconds + seconds; _running.TryPeek(out var next, out var end) && end < until; done++)
            {
                _running.Dequeue();
                _clock.Advance(end - _clock.Seconds);
                next.Client.Balance.Answered(next.Call, next.Client.LeadsTo[next.Call.Connection]);
                Start(next.Client);
            }

            return done;
        }

        private void Start(Fleet client)
        {
            var call = client.Balance.Start("Label", 1)!;
            var replica = client.LeadsTo[call.Connection];
            _free[replica] = Math.Max(_free.GetValueOrDefault(replica), _clock.Seconds) + Pass;
            _running.Enqueue((client, call), _free[replica]);
        }
    }
}
