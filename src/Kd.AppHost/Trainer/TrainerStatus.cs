using System.Globalization;

namespace Kd.AppHost.Trainer;

/// <summary>The part of the response to <c>GET /api/run</c> that the host shows.</summary>
/// <param name="Phase">starting, running, paused, stopping (after this epoch), finished, stopped, failed or waiting.</param>
/// <param name="Method">The method of the run; null before the first one.</param>
/// <param name="Epoch">The current epoch, from 1.</param>
/// <param name="Epochs">Epochs of the run.</param>
/// <param name="ValidationAccuracy">Percent, after the last finished epoch; null before it.</param>
/// <param name="Progress">Progress of the work as a line for a terminal; null if no work is in progress.</param>
internal sealed record TrainerStatus(string Phase, string? Method, int Epoch, int Epochs, double? ValidationAccuracy, string? Progress)
{
    /// <summary>Whether a run is in progress and can be controlled.</summary>
    public bool IsUnderWay => Phase is "starting" or "running" or "paused" or "stopping";

    /// <summary>Formats the status for the dashboard's state column, which truncates it; so the method, which seldom changes, comes last.</summary>
    public string Describe()
    {
        if (Method is null)
            return Phase;
        var accuracy = ValidationAccuracy is { } percent ? string.Create(CultureInfo.InvariantCulture, $", {percent:F1}%") : "";
        return $"{(Phase == "running" ? "" : $"{Phase}, ")}epoch {Epoch}/{Epochs}{accuracy}, {Method}";
    }
}
