#if KD_TEACHER
using Kd.TeacherService.Model;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Kd.Tests;

/// <summary>
/// Simulates a device: a forward pass takes a fixed time, or until it is released, and uses no CPU. The logit of class c is c + 1 times the mean of the
/// normalized picture.
/// </summary>
internal sealed class TimedNetwork : Module<Tensor, Tensor>
{
    private readonly Tensor _factors; // [C]
    private readonly TimeSpan _pass;
    private readonly ManualResetEventSlim _end;

    private TimedNetwork(int classes, TimeSpan pass, ManualResetEventSlim end)
        : base(nameof(TimedNetwork)) =>
        (_factors, _pass, _end) = (tensor([.. Enumerable.Range(1, classes).Select(factor => (float)factor)]).DetachFromDisposeScope(), pass, end);

    /// <summary>Creates a loader that returns this network instead of the one in the settings.</summary>
    public static LoadNetwork Loader(TimeSpan pass) => Loader(pass, new ManualResetEventSlim());

    /// <summary>Creates a loader whose network's passes last until an event is set.</summary>
    public static LoadNetwork Loader(ManualResetEventSlim end) => Loader(Timeout.InfiniteTimeSpan, end);

    private static LoadNetwork Loader(TimeSpan pass, ManualResetEventSlim end) =>
        (_, classes) =>
        {
            var network = new TimedNetwork(classes, pass, end);
            return new TorchNetwork(network, network, classes, null, [1], isScript: true);
        };

    public override Tensor forward(Tensor images)
    {
        _end.Wait(_pass);
        using var scope = NewDisposeScope();
        var means = images.mean([1, 2, 3]).unsqueeze(1); // [N, 1]
        return means.mul(_factors).MoveToOuterDisposeScope(); // [N, C]
    }
}
#endif
