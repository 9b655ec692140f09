namespace Kd.Settings;

/// <summary>Marks the property of a secret, whose value no message may contain.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SecretAttribute : Attribute;
