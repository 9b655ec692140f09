using Kd.Vision.Views;

namespace Kd.TeacherService.Model;

/// <summary>Computes the logits of the dataset's classes from pixels. Not thread-safe.</summary>
/// <param name="engine">Runs the passes; the model takes ownership of it.</param>
/// <param name="description">Describes the network.</param>
/// <param name="classes">Selects the outputs that are served.</param>
/// <param name="batch">Views in a pass.</param>
internal sealed class TeacherModel(ITeacherEngine engine, TeacherDescription description, ClassMap classes, int batch) : IDisposable
{
    private byte[] _pixels = [];

    public TeacherDescription Description => description;

    public ClassMap Classes => classes;

    /// <summary>Where the passes run.</summary>
    public string Device => engine.Device;

    /// <summary>Views in a pass.</summary>
    public int Batch => batch;

    /// <summary>Duration of the self-check's pass.</summary>
    public TimeSpan FirstPass { get; set; }

    /// <summary>Runs a forward pass of the fixed batch size; fewer views are padded to it.</summary>
    /// <param name="views">uint8 planes [3, size, size] of at most <see cref="Batch"/> views.</param>
    /// <param name="size">Width and height, px.</param>
    /// <returns>Row-major [N, C], at temperature 1.</returns>
    public Half[] Pass(IReadOnlyList<ReadOnlyMemory<byte>> views, int size)
    {
        var bytes = ViewRenderer.ByteCount(size);
        if (_pixels.Length != batch * bytes)
            _pixels = new byte[batch * bytes];
        for (var row = 0; row < views.Count; row++)
            views[row].Span.CopyTo(_pixels.AsSpan(row * bytes, bytes));
        _pixels.AsSpan(views.Count * bytes).Clear();
        return Select(engine.Run(_pixels, views.Count, size), views.Count);
    }

    private Half[] Select(Half[] all, int count)
    {
        if (classes.Outputs is not { } outputs)
            return all;
        var chosen = new Half[count * outputs.Length];
        for (var i = 0; i < chosen.Length; i++)
        {
            var (row, column) = Math.DivRem(i, outputs.Length);
            chosen[i] = all[row * classes.NetworkClasses + (int)outputs[column]];
        }

        return chosen;
    }

    public void Dispose() => engine.Dispose();
}
