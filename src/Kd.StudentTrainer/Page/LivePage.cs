using Microsoft.AspNetCore.Components;

namespace Kd.StudentTrainer.Page;

/// <summary>A page that looks again by itself, and is drawn again where something has changed.</summary>
public abstract class LivePage : ComponentBase, IDisposable
{
    private readonly CancellationTokenSource _gone = new();
    private string? _failure;

    /// <summary>The clock.</summary>
    [Inject]
    private TimeProvider Time { get; set; } = null!;

    [Inject]
    private ILogger<LivePage> Logger { get; set; } = null!;

    /// <summary>Time between two looks.</summary>
    protected virtual TimeSpan Every => TimeSpan.FromSeconds(1);

    /// <summary>Looks.</summary>
    /// <returns>Whether there is anything new.</returns>
    protected abstract bool Look();

    /// <inheritdoc/>
    protected override void OnParametersSet() => Look();

    /// <inheritdoc/>
    protected override void OnAfterRender(bool firstRender)
    {
        if (firstRender)
            _ = WatchAsync();
    }

    /// <summary>Ends the looking.</summary>
    public void Dispose()
    {
        _gone.Cancel();
        GC.SuppressFinalize(this);
    }

    private async Task WatchAsync()
    {
        using var timer = new PeriodicTimer(Every, Time);
        try
        {
            while (await timer.WaitForNextTickAsync(_gone.Token))
                await InvokeAsync(Draw);
        }
        catch (OperationCanceledException)
        {
            // The page was left.
        }
    }

    private void Draw()
    {
        try
        {
            if (Look())
                StateHasChanged();
            _failure = null;
        }
        catch (Exception error)
        {
            // A file that is being written or removed must not end the refreshing: the next look may succeed.
            if (error.Message != _failure)
                Logger.RefreshFailed(error);
            _failure = error.Message;
        }
    }
}
