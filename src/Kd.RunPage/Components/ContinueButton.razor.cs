using Kd.Settings;
using Kd.Training.Artifacts;
using Kd.Training.Diagnostics;
using Kd.Training.Queue;
using Microsoft.AspNetCore.Components;

namespace Kd.RunPage.Components;

/// <summary>Continues an unfinished run, or the study it is part of, with its own settings.</summary>
public sealed partial class ContinueButton
{
    private string? _problem;

    /// <summary>The run.</summary>
    [Parameter, EditorRequired]
    public RunSummary Run { get; set; } = null!;

    private void Continue()
    {
        try
        {
            Queue.Add(Library.SettingsFor(Run.Name).Append(new("Run:Id", RunLibrary.RootOf(Run))).ToDictionary());
            Navigation.NavigateTo("");
        }
        catch (Exception error) when (error is SettingsException or QueueClosedException or TrainingException)
        {
            _problem = error.Message;
        }
    }
}
