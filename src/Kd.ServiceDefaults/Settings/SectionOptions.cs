using Kd.Settings;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Kd.ServiceDefaults.Settings;

/// <summary>The mistakes of a section, for the check at startup.</summary>
internal interface ISectionOptions
{
    /// <summary>All mistakes in the section.</summary>
    IReadOnlyList<SettingProblem> Problems { get; }
}

/// <summary>The options of a section of the configuration.</summary>
/// <typeparam name="T">The options.</typeparam>
internal sealed class SectionOptions<T> : IOptions<T>, ISectionOptions
    where T : class, new()
{
    private readonly T _value = new();

    /// <summary>Reads the section.</summary>
    /// <param name="section">Name of the section.</param>
    /// <param name="configuration">Contains the values.</param>
    public SectionOptions(string section, IConfiguration configuration) => Problems = configuration.ReadSection(_value, section);

    /// <exception cref="SettingsException">The section has a mistake.</exception>
    public T Value => Problems.Count == 0 ? _value : throw new SettingsException(Problems);

    public IReadOnlyList<SettingProblem> Problems { get; }
}

/// <summary>Reads sections of a configuration.</summary>
public static class ConfigurationSections
{
    /// <summary>Reads a section into options.</summary>
    /// <param name="configuration">Contains the values.</param>
    /// <param name="options">Receives the values.</param>
    /// <param name="section">Name of the section.</param>
    /// <returns>All mistakes.</returns>
    public static IReadOnlyList<SettingProblem> ReadSection(this IConfiguration configuration, object options, string section) =>
        SectionReader.Read(
            options,
            section,
            configuration.GetSection(section).GetChildren().Select(child => new KeyValuePair<string, string?>(child.Key, child.Value))
        );
}
