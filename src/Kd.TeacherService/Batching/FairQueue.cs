namespace Kd.TeacherService.Batching;

/// <summary>The views that wait for a pass. Each client has a first-in, first-out queue, and the clients take turns, so that none starves.</summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class FairQueue
{
    private readonly Dictionary<string, LinkedList<WaitingView>> _views = [];
    private readonly LinkedList<string> _turns = [];

    /// <summary>Number of views.</summary>
    public int Count { get; private set; }

    /// <summary>Size of their pixels.</summary>
    public long Bytes { get; private set; }

    /// <summary>The view that has waited longest; null if there is none.</summary>
    public WaitingView? Oldest => _views.Values.Select(views => views.First!.Value).MinBy(view => view.Since);

    /// <summary>Number of views that a client has added.</summary>
    public int CountOf(string client) => _views.TryGetValue(client, out var views) ? views.Count : 0;

    /// <summary>Number of views of a size.</summary>
    public int CountOf(int size) => _views.Values.Sum(views => views.Count(view => view.Size == size));

    /// <summary>Adds a view.</summary>
    public void Add(WaitingView view)
    {
        if (!_views.TryGetValue(view.Client, out var views))
        {
            _views.Add(view.Client, views = []);
            _turns.AddLast(view.Client);
        }

        views.AddLast(view);
        (Count, Bytes) = (Count + 1, Bytes + view.Pixels.Length);
    }

    /// <summary>Removes a view, if it is there.</summary>
    public void Remove(WaitingView view)
    {
        if (_views.TryGetValue(view.Client, out var views) && views.Remove(view))
            Forget(view, views);
    }

    /// <summary>Takes views of one size: that of the first view of the client whose turn it is.</summary>
    /// <param name="most">Largest number.</param>
    public List<WaitingView> Take(int most)
    {
        var taken = new List<WaitingView>(most);
        if (_turns.First is not { } turn)
            return taken;
        var size = _views[turn.Value].First!.Value.Size;
        // Until nobody who has had a turn since the last view was taken has another one of this size.
        for (var without = 0; taken.Count < most && without < _turns.Count; )
        {
            var client = _turns.First!.Value;
            _turns.RemoveFirst();
            _turns.AddLast(client);
            var views = _views[client];
            var node = views.First;
            while (node is not null && node.Value.Size != size)
                node = node.Next;
            if (node is null)
            {
                without++;
                continue;
            }

            without = 0;
            views.Remove(node);
            Forget(node.Value, views);
            taken.Add(node.Value);
        }

        return taken;
    }

    private void Forget(WaitingView view, LinkedList<WaitingView> views)
    {
        (Count, Bytes) = (Count - 1, Bytes - view.Pixels.Length);
        if (views.Count > 0)
            return;
        _views.Remove(view.Client);
        _turns.Remove(view.Client);
    }
}
