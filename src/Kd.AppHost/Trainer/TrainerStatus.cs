using System.Globalization;

namespace Kd.AppHost.Trainer;

/// <summary>What the trainer says of its run: the part of <c>GET /api/run</c> that the host shows.</summary>
/// <param name="Phase">starting, running, paused, stopping (after this epoch), finished, stopped, failed or waiting.</param>
/// <param name="Method">The method of the run; null before the first one.</param>
/// <param name="Epoch">The current epoch, from 1.</param>
/// <param name="Epochs">Epochs of the run.</param>
/// <param name="ValidationAccuracy">Percent, after the last finished epoch; null before it.</param>
/// <param name="Progress">How far the work is, as a line for a terminal; null where none is under way.</param>
internal sealed record TrainerStatus(string Phase, string? Method, int Epoch, int Epochs, double? ValidationAccuracy, string? Progress)
{
    /// <summary>Whether a run is under way, so that it can be steered.</summary>
    public bool IsUnderWay => Phase is "starting" or "running" or "paused" or "stopping";

    /// <summary>A short text for the dashboard's state column, which shows its first words only: the method, which seldom changes, comes last.</summary>
    public string Describe()
    {
        if (Method is null)
            return Phase;
        var accuracy = ValidationAccuracy is { } percent ? string.Create(CultureInfo.InvariantCulture, $", {percent:F1}%") : "";
        return $"{(Phase == "running" ? "" : $"{Phase}, ")}epoch {Epoch}/{Epochs}{accuracy}, {Method}";
    }
}
