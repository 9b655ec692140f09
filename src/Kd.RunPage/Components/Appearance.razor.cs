using Microsoft.JSInterop;
using Radzen;

namespace Kd.RunPage.Components;

/// <summary>Switches between light and dark.</summary>
public sealed partial class Appearance
{
    private bool _isDark;

    // As the user chose before, else as the system is set.
    /// <inheritdoc/>
    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (firstRender && await Script.InvokeAsync<bool>("appearance.isDark"))
            await Set(true, keep: false);
    }

    private async Task Set(bool isDark, bool keep)
    {
        _isDark = isDark;
        Themes.SetTheme(
            new ThemeOptions
            {
                Theme = isDark ? "dark" : "default",
                Wcag = true,
                TriggerChange = true,
            }
        );
        if (keep)
            await Script.InvokeVoidAsync("appearance.keep", isDark);
        StateHasChanged();
    }
}
