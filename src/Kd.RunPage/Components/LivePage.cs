using Microsoft.AspNetCore.Components;

namespace Kd.RunPage.Components;

/// <summary>A component that reloads its data at intervals, and is drawn again only where they have changed.</summary>
public abstract class LivePage : ComponentBase, IDisposable
{
    private readonly CancellationTokenSource _gone = new();
    private string? _failure;

    /// <summary>The clock.</summary>
    [Inject]
    private TimeProvider Time { get; set; } = null!;

    [Inject]
    private ILogger<LivePage> Logger { get; set; } = null!;

    /// <summary>Time between two reloads. Default 1 s.</summary>
    protected virtual TimeSpan Interval => TimeSpan.FromSeconds(1);

    /// <summary>Reloads the data.</summary>
    /// <returns>Whether they have changed.</returns>
    protected abstract bool Reload();

    /// <inheritdoc/>
    protected override void OnParametersSet() => Reload();

    /// <inheritdoc/>
    protected override void OnAfterRender(bool firstRender)
    {
        if (firstRender)
            _ = WatchAsync();
    }

    /// <summary>Ends the reloading.</summary>
    public void Dispose()
    {
        _gone.Cancel();
        GC.SuppressFinalize(this);
    }

    private async Task WatchAsync()
    {
        using var timer = new PeriodicTimer(Interval, Time);
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
            if (Reload())
                StateHasChanged();
            _failure = null;
        }
        catch (Exception error)
        {
            // A file that is being written or removed must not end the refreshing: the next reload may succeed.
            if (error.Message != _failure)
                Logger.RefreshFailed(error);
            _failure = error.Message;
        }
    }
}
