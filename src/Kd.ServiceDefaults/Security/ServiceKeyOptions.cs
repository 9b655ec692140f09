using System.ComponentModel.DataAnnotations;
using Kd.Settings;

namespace Kd.ServiceDefaults.Security;

/// <summary>Options of the key that the services of one system share: the section <c>Service</c>.</summary>
public sealed class ServiceKeyOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "Service";

    /// <summary>The secret, at least 16 characters. The AppHost generates one and passes it to every service.</summary>
    [Secret]
    [Required(
        ErrorMessage = "Service:Key is missing. The AppHost sets it; a service that is started by itself needs the same value as the others, "
            + "for example in the environment variable Service__Key."
    )]
    [MinLength(16, ErrorMessage = "Service:Key must have at least 16 characters.")]
    public string Key { get; set; } = "";
}
