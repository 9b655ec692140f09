using Kd.Settings;

namespace Kd.Deploy.Tests;

/// <summary>Checks environment variables against the catalog of settings.</summary>
internal static class KnownVariables
{
    // Not settings: of ASP.NET Core, of .NET's host and of NVIDIA's container runtime.
    private static readonly string[] s_others = ["AllowedHosts", "DOTNET_SHUTDOWNTIMEOUTSECONDS", "NVIDIA_DRIVER_CAPABILITIES"];

    /// <summary>Explains what is wrong with a variable; null if nothing is.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">Its value; null: not known here.</param>
    public static string? Problem(string name, string? value)
    {
        if (s_others.Contains(name) || name == SharedNames.ToVariable(SharedNames.ServiceKey))
            return null;
        // Exactly, since a file is read by people: .NET ignores case.
        var setting = SettingCatalog.All.FirstOrDefault(setting => SharedNames.ToVariable(setting.Name) == name);
        return setting is null ? $"'{name}' is no setting"
            : value is not null && setting.Choices.Count > 0 && !setting.Choices.Contains(value) && !(setting.Name == "Run:Study" && value is "true" or "false")
                ? $"'{name}' is '{value}'; allowed are {setting.Allowed}"
            : null;
    }
}
