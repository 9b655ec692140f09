using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;

namespace Kd.Settings;

/// <summary>A setting with its default, allowed values and documentation.</summary>
public sealed class Setting
{
    private readonly PropertyInfo? _property;

    /// <summary>Describes a setting without an option property.</summary>
    /// <param name="name">Name on the command line.</param>
    /// <param name="defaultValue">Default as text.</param>
    /// <param name="about">Documentation.</param>
    internal Setting(string name, string defaultValue, SettingAttribute about) => (Name, Default, About) = (name, defaultValue, about);

    /// <summary>Describes the setting of an option property.</summary>
    /// <param name="section">The section of its class.</param>
    /// <param name="property">The property.</param>
    /// <param name="defaults">An instance with the defaults.</param>
    internal Setting(string section, PropertyInfo property, object defaults)
    {
        (_property, Name) = (property, $"{section}:{property.Name}");
        Default = Format(property.GetValue(defaults));
        About = property.GetCustomAttribute<SettingAttribute>() ?? throw new InvalidOperationException($"{Name} has no SettingAttribute.");
    }

    /// <summary>Name on the command line, such as Training:Epochs.</summary>
    public string Name { get; }

    /// <summary>Section, such as Training; the name itself for a setting without a section.</summary>
    public string Section => Name.Split(':')[0];

    /// <summary>Default as text; empty if there is none.</summary>
    public string Default { get; }

    /// <summary>Documentation.</summary>
    public SettingAttribute About { get; }

    /// <summary>Allowed values; empty if they are not a list.</summary>
    public IReadOnlyList<string> Choices
    {
        get
        {
            var type = _property?.PropertyType;
            if (type == typeof(bool))
                return ["true", "false"];
            if (type is { IsEnum: true })
                return Enum.GetNames(type);
            return [.. _property?.GetCustomAttribute<AllowedValuesAttribute>()?.Values.Select(value => value!.ToString()!) ?? []];
        }
    }

    /// <summary>Allowed values as text; empty if any value is allowed.</summary>
    public string Allowed =>
        Choices.Count > 0 ? string.Join(", ", Choices)
        : _property?.GetCustomAttribute<RangeAttribute>() is not { } range ? ""
        : range.Maximum is int.MaxValue ? $"{Format(range.Minimum)} or more"
        : $"{Format(range.Minimum)} to {Format(range.Maximum)}";

    private static string Format(object? value) =>
        value switch
        {
            null => "",
            bool truth => truth ? "true" : "false",
            double number => number.ToString("0.#########", CultureInfo.InvariantCulture),
            IFormattable other => other.ToString(null, CultureInfo.InvariantCulture),
            _ => value.ToString() ?? "",
        };
}
