using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Reflection;

namespace Kd.Settings;

/// <summary>Reads the values of a section into its options, and finds all mistakes: unknown names, wrong types, values out of range.</summary>
public static class SectionReader
{
    /// <summary>Reads a section.</summary>
    /// <param name="options">Receives the values; its properties hold the defaults.</param>
    /// <param name="section">Name of the section.</param>
    /// <param name="values">Values by name within the section; case does not matter.</param>
    /// <returns>All mistakes.</returns>
    public static IReadOnlyList<SettingProblem> Read(object options, string section, IEnumerable<KeyValuePair<string, string?>> values)
    {
        var problems = new List<SettingProblem>();
        var properties = options.GetType().GetProperties().Where(property => property.CanWrite).ToList();
        foreach (var (name, value) in values)
        {
            var property = properties.FirstOrDefault(one => one.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
            if (property is null)
                problems.Add(Unknown($"{section}:{name}", section, properties));
            else if (value is not null && !TrySet(options, property, value))
                problems.Add(WrongType($"{section}:{property.Name}", value, property.PropertyType));
        }

        problems.AddRange(properties.SelectMany(property => Validate(options, section, property)));
        return problems;
    }

    private static SettingProblem Unknown(string name, string section, IEnumerable<PropertyInfo> properties)
    {
        var known = string.Join(", ", properties.Select(property => property.Name).Order(StringComparer.Ordinal));
        return new SettingProblem(name, $"{name} is not a setting. Known in {section}: {known}.");
    }

    private static SettingProblem WrongType(string name, string value, Type type)
    {
        var plain = Nullable.GetUnderlyingType(type) ?? type;
        var expected = plain.IsEnum ? $"one of {string.Join(", ", Enum.GetNames(plain))}" : $"a value of the type {plain.Name}";
        return new SettingProblem(name, $"{name} is '{value}', expected {expected}.");
    }

    private static bool TrySet(object options, PropertyInfo property, string value)
    {
        try
        {
            var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
            property.SetValue(options, type == typeof(string) ? value : TypeDescriptor.GetConverter(type).ConvertFromInvariantString(value));
            return true;
        }
        catch (Exception error) when (error is FormatException or ArgumentException or NotSupportedException or OverflowException)
        {
            return false;
        }
    }

    private static IEnumerable<SettingProblem> Validate(object options, string section, PropertyInfo property)
    {
        var (name, value) = ($"{section}:{property.Name}", property.GetValue(options));
        return property
            .GetCustomAttributes<ValidationAttribute>()
            .Where(attribute => !attribute.IsValid(value))
            .Select(attribute => new SettingProblem(name, $"{name} is {Show(property, value)}. {attribute.FormatErrorMessage(property.Name)}"));

        static string Show(PropertyInfo property, object? value) => property.IsDefined(typeof(SecretAttribute)) ? "not valid" : $"'{value}'";
    }
}
