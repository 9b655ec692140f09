#if KD_TEACHER
using Kd.TeacherService.Model;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Kd.Tests;

/// <summary>
/// Simulates a device: a forward pass takes a fixed time and uses no CPU. The logit of class c is c + 1 times the mean of the normalized picture.
/// </summary>
internal sealed class TimedNetwork : Module<Tensor, Tensor>
{
    private readonly int _classes;
    private readonly TimeSpan _pass;
    private readonly ManualResetEventSlim _never = new();

    private TimedNetwork(int classes, TimeSpan pass)
        : base(nameof(TimedNetwork)) => (_classes, _pass) = (classes, pass);

    /// <summary>Creates a loader that returns this network instead of the one in the settings.</summary>
    public static LoadNetwork Loader(TimeSpan pass) =>
        (_, classes) =>
        {
            var network = new TimedNetwork(classes, pass);
            return new TorchNetwork(network, network, classes, null, [1], isScript: true);
        };

    public override Tensor forward(Tensor images)
    {
        if (_pass > TimeSpan.Zero)
            _never.Wait(_pass);
        using var scope = NewDisposeScope();
        var means = images.mean([1, 2, 3]).unsqueeze(1); // [N, 1]
        return means.mul(arange(1, _classes + 1, ScalarType.Float32)).MoveToOuterDisposeScope(); // [N, C]
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _never.Dispose();
        base.Dispose(disposing);
    }
}
#endif
