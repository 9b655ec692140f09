using Kd.Settings;
using Microsoft.Extensions.Options;

namespace Kd.ServiceDefaults.Settings;

/// <summary>Stops the start of the service if settings are wrong, and reports all mistakes.</summary>
/// <param name="sections">The sections of the service.</param>
internal sealed class StartupCheck(IEnumerable<ISectionOptions> sections) : IStartupValidator
{
    /// <exception cref="SettingsException">Settings are wrong.</exception>
    public void Validate()
    {
        var problems = sections.SelectMany(section => section.Problems).ToList();
        if (problems.Count > 0)
            throw new SettingsException(problems);
    }
}
