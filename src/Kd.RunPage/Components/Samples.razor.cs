using System.Globalization;
using Kd.Training.Artifacts;
using Microsoft.AspNetCore.Components;

namespace Kd.RunPage.Components;

/// <summary>The hardest and easiest samples of the last epoch as pictures.</summary>
public sealed partial class Samples
{
    private int _shown = -1;

    /// <summary>Folder of the run.</summary>
    [Parameter, EditorRequired]
    public string Folder { get; set; } = "";

    /// <summary>Finished epochs: the samples are read again when there are more.</summary>
    [Parameter, EditorRequired]
    public int Epochs { get; set; }

    // A page that reloads every second must not read the file, nor send the pictures, every second.
    /// <inheritdoc/>
    protected override bool ShouldRender()
    {
        var changed = _shown != Epochs;
        _shown = Epochs;
        return changed;
    }

    private static string Describe(IReadOnlyList<Guess> guesses) =>
        string.Join(", ", guesses.Select(guess => string.Create(CultureInfo.InvariantCulture, $"{guess.Class} {100 * guess.Probability:F0}%")));
}
