using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Kd.ServiceDefaults.Settings;

/// <summary>Options that are checked before the service starts.</summary>
public static class OptionsExtensions
{
    /// <summary>Binds a section; an unknown name in it, a value of another type or out of range stops the start with a message.</summary>
    public static OptionsBuilder<T> AddSection<T>(this IServiceCollection services, string section)
        where T : class
    {
        services.AddSingleton<IValidateOptions<T>>(new SectionValidator<T>(section));
        return services
            .AddOptions<T>()
            .Configure<IConfiguration>((options, configuration) => Bind(configuration.GetSection(section), options))
            .ValidateOnStart();
    }

    private static void Bind(IConfigurationSection section, object options)
    {
        var known = options.GetType().GetProperties().Where(property => property.CanWrite).Select(property => property.Name).ToList();
        var unknown = section.GetChildren().Select(child => child.Key).Where(key => !known.Contains(key, StringComparer.OrdinalIgnoreCase)).ToList();
        if (unknown.Count > 0)
            throw new SettingsException(
                $"{section.Path}:{unknown[0]} is not a setting. Known in {section.Path}: {string.Join(", ", known.Order(StringComparer.Ordinal))}."
            );
        try
        {
            section.Bind(options);
        }
        catch (InvalidOperationException error)
        {
            throw new SettingsException(ExplainValue(section, options, error), error);
        }
    }

    private static string ExplainValue(IConfigurationSection section, object options, InvalidOperationException error)
    {
        foreach (var property in options.GetType().GetProperties())
        {
            if (section[property.Name] is { } value && error.Message.Contains($"{section.Path}:{property.Name}", StringComparison.OrdinalIgnoreCase))
            {
                var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
                var expected = type.IsEnum ? $"one of {string.Join(", ", Enum.GetNames(type))}" : $"a value of the type {type.Name}";
                return $"{section.Path}:{property.Name} is '{value}', expected {expected}.";
            }
        }

        return error.Message;
    }
}
