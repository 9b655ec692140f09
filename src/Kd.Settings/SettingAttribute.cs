namespace Kd.Settings;

/// <summary>Documents the setting of an option property, together with the property's default, type, range and allowed values.</summary>
/// <param name="help">Purpose of the setting, as plain text.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SettingAttribute(string help) : Attribute
{
    /// <summary>Purpose of the setting.</summary>
    public string Help { get; } = help;

    /// <summary>Label of the setting's field on the page of a new run; null: no field.</summary>
    public string? Label { get; init; }

    /// <summary>Whether the value is a path, relative to the user's folder.</summary>
    public bool IsPath { get; init; }

    /// <summary>Whether the value may change between two starts of one run, since neither weights nor measurements depend on it.</summary>
    public bool MayChange { get; init; }

    /// <summary>Whether all runs of a trainer share the value, so that a run from the page cannot change it.</summary>
    public bool IsShared { get; init; }
}
