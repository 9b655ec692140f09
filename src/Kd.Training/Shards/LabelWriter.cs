using Kd.Core.Files;
using Kd.Settings;
using Kd.Training.Configuration;
using Kd.Training.Diagnostics;
using Kd.Vision.Views;

namespace Kd.Training.Shards;

/// <summary>Writes the labels of one shard of the views as parquet files, and continues where an earlier process was stopped; safe on any thread.</summary>
/// <remarks>A lock keeps other processes from the same shard. Files are whole or absent: what a killed process has not written is labeled again.</remarks>
internal sealed class LabelWriter : IDisposable
{
    // Bytes of labels, which one array holds.
    private const int LargestFile = 1 << 30;
    private readonly LabelLayout _layout;
    private readonly ViewShard _shard;
    private readonly string _folder;
    private readonly int _fileViews;
    private readonly FileStream _lock;
    private readonly Lock _gate = new();
    private readonly HashSet<ViewId> _known = [];
    private readonly List<ViewId> _views = [];
    private readonly MemoryStream _labels = new();
    private int _part;

    /// <param name="options">Folder and size of the files.</param>
    /// <param name="shard">The shard of the views.</param>
    /// <param name="layout">Teacher and encoding.</param>
    /// <exception cref="TrainingException">Another process writes the shard, or its files have labels of another kind.</exception>
    public LabelWriter(LabelOptions options, ViewShard shard, LabelLayout layout)
    {
        (_layout, _shard, _folder, _fileViews) = (layout, shard, options.Write!, options.FileViews);
        var prefix = LabelFolder.PrefixOf(shard.Index, shard.Count);
        _lock = LockShard($".{prefix}lock");
        foreach (var aside in Directory.GetFiles(_folder, prefix + "*.part"))
            File.Delete(aside);
        foreach (var path in Directory.GetFiles(_folder, prefix + "*.parquet").Order(StringComparer.Ordinal))
            LabelReader.Read(path, reader => ReadKnown(path, reader));
    }

    /// <summary>Whether the shard has the label of a view.</summary>
    public bool Contains(ViewId view)
    {
        lock (_gate)
            return _known.Contains(view);
    }

    /// <summary>Adds labels; writes a file when there are enough for one.</summary>
    /// <param name="views">Ids of N views.</param>
    /// <param name="logits">Logits of each view, C of them.</param>
    public void Add(IEnumerable<ViewId> views, IEnumerable<float[]> logits)
    {
        lock (_gate)
        {
            foreach (var (view, row) in views.Zip(logits))
            {
                if (!_known.Add(view))
                    continue;
                var label = new byte[_layout.Size];
                _layout.Encode(row, label);
                _views.Add(view);
                _labels.Write(label);
                if (_views.Count == _fileViews || _labels.Length >= LargestFile)
                    Flush();
            }
        }
    }

    /// <summary>Writes the labels that are not in a file yet.</summary>
    /// <exception cref="TrainingException">The file cannot be written.</exception>
    public void Flush()
    {
        lock (_gate)
        {
            if (_views.Count == 0)
                return;
            string path;
            while (File.Exists(path = Path.Combine(_folder, LabelFolder.NameOf(_shard.Index, _shard.Count, _part))))
                _part++;
            try
            {
                LabelFile.Write(path, _layout, _views, _labels.GetBuffer());
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                throw new TrainingException($"'{path}' cannot be written: {error.Message} Free space there, or set another folder as Labels:Write.", error);
            }

            _views.Clear();
            _labels.SetLength(0);
        }
    }

    public void Dispose() => _lock.Dispose();

    private FileStream LockShard(string name)
    {
        try
        {
            return new FileStream(Path.Combine(PrivateFolder.Create(_folder).FullName, name), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new TrainingException(
                $"The shard {_shard} (Run:Shard) in '{_folder}' (Labels:Write) cannot be locked: {error.Message} If another process writes it, wait for "
                    + "that one, or give this one another shard.",
                error
            );
        }
    }

    private void ReadKnown(string path, LabelReader reader)
    {
        reader.Layout.RequireSame(
            path,
            _layout,
            "this task makes",
            "Set another folder as Labels:Write, or use the teacher and the Labels:Top with which that one was begun."
        );
        reader.ReadViews(view => _known.Add(view));
    }
}
