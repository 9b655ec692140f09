using Kd.Settings;

namespace Kd.RunPage.Components;

/// <summary>The settings that have a field of their own on the page of a new run, in their order.</summary>
internal static class SettingFields
{
    // Method and study come first: they decide which others matter.
    private static readonly string[] s_first = ["Run:Study", "Distillation:Method", "Run:Seeds", "Run:Seed"];

    /// <summary>All fields.</summary>
    public static IReadOnlyList<Setting> All { get; } =
    [
        .. s_first.Select(name => SettingCatalog.Find(name)!),
        .. SettingCatalog.All.Where(setting => setting.About.Label is not null && !s_first.Contains(setting.Name)),
    ];
}
