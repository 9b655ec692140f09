using Kd.Training.Control;

namespace Kd.RunPage.Components;

/// <summary>The state of the current run in the side bar.</summary>
public sealed partial class RunState
{
    private RunStatus _status = RunStatus.Starting;

    private string Text =>
        _status.Method is { } method && _status.IsUnderWay ? $"{_status.Phase}: {method}, epoch {_status.Epoch} of {_status.Epochs}" : _status.Phase;

    /// <inheritdoc/>
    protected override bool Reload()
    {
        var status = Control.Describe(Monitor.Status);
        var isNew = (status.Phase, status.Method, status.Epoch) != (_status.Phase, _status.Method, _status.Epoch);
        _status = status;
        return isNew;
    }
}
