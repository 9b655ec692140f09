using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Kd.ServiceDefaults.Settings;

/// <summary>Registers options that are checked before the service starts.</summary>
public static class OptionsExtensions
{
    /// <summary>Registers the options of a section; a mistake in the section stops the start with a message.</summary>
    /// <typeparam name="T">The options.</typeparam>
    /// <param name="services">The services.</param>
    /// <param name="section">Name of the section.</param>
    public static void AddSection<T>(this IServiceCollection services, string section)
        where T : class, new()
    {
        services.AddSingleton(provider => new SectionOptions<T>(section, provider.GetRequiredService<IConfiguration>()));
        services.AddSingleton<IOptions<T>>(provider => provider.GetRequiredService<SectionOptions<T>>());
        services.AddSingleton<ISectionOptions>(provider => provider.GetRequiredService<SectionOptions<T>>());
        services.AddSingleton<IStartupValidator, StartupCheck>();
    }
}
