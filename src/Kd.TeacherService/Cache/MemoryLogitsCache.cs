using System.Collections.Concurrent;
using Kd.Settings;
using Kd.Vision.Views;
using Microsoft.Extensions.Options;

namespace Kd.TeacherService.Cache;

/// <summary>Caches logits in the replica's memory, in front of the shared cache. A view's logits never change, so no entry can be out of date.</summary>
/// <remarks>
/// It keeps the first entries and evicts none: each epoch of a run reads the same views in the same order, so the least recently used entry is the one
/// needed next.
/// </remarks>
internal sealed class MemoryLogitsCache(ILogitsCache shared, IOptions<CacheOptions> options) : ILogitsCache
{
    // Bytes of an entry beside its logits: the dictionary's node and the array's header.
    private const int Overhead = 112;
    private readonly ConcurrentDictionary<UInt128, byte[]> _rows = [];
    private long _left = (long)options.Value.Memory << 20;

    public async Task<CachedLogits> GetAsync(LogitsCodec codec, ViewId[] views, TimeSpan patience, CancellationToken cancellation)
    {
        var rows = new byte[]?[views.Length];
        var absent = new List<int>();
        for (var i = 0; i < views.Length; i++)
        {
            if (!_rows.TryGetValue(views[i].Value, out rows[i]))
                absent.Add(i);
        }

        if (absent.Count == views.Length && _left <= 0)
            return await shared.GetAsync(codec, views, patience, cancellation);
        if (absent.Count > 0)
            await FillAsync(codec, views, rows, absent, patience, cancellation);
        return Pack(rows, codec.RowSize);
    }

    public Task SetAsync(LogitsCodec codec, ViewId[] views, byte[][] entries, TimeSpan patience, CancellationToken cancellation)
    {
        for (var i = 0; i < views.Length; i++)
        {
            if (HasRoom(codec) && codec.Decode(views[i], entries[i]) is { } row)
                Keep(codec, views[i], row);
        }

        return shared.SetAsync(codec, views, entries, patience, cancellation);
    }

    private async Task FillAsync(LogitsCodec codec, ViewId[] views, byte[]?[] rows, List<int> absent, TimeSpan patience, CancellationToken cancellation)
    {
        var found = await shared.GetAsync(codec, [.. absent.Select(index => views[index])], patience, cancellation);
        var (missing, at) = (0, 0);
        for (var i = 0; i < absent.Count; i++)
        {
            if (missing < found.Missing.Count && found.Missing[missing] == i)
            {
                missing++;
                continue;
            }

            var row = rows[absent[i]] = found.Logits.Slice(at, codec.RowSize).ToArray();
            at += codec.RowSize;
            if (HasRoom(codec))
                Keep(codec, views[absent[i]], row);
        }
    }

    private bool HasRoom(LogitsCodec codec) => Interlocked.Read(ref _left) >= codec.RowSize + Overhead;

    private void Keep(LogitsCodec codec, ViewId view, byte[] row)
    {
        if (_rows.TryAdd(view.Value, row))
            Interlocked.Add(ref _left, -(codec.RowSize + Overhead));
    }

    private static CachedLogits Pack(byte[]?[] rows, int rowSize)
    {
        var packed = GC.AllocateUninitializedArray<byte>(rowSize * rows.Count(row => row is not null));
        var (missing, at) = (new List<int>(), 0);
        for (var i = 0; i < rows.Length; i++)
        {
            if (rows[i] is { } row)
            {
                row.CopyTo(packed, at);
                at += rowSize;
            }
            else
            {
                missing.Add(i);
            }
        }

        return new CachedLogits(missing, packed);
    }
}
