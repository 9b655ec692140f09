using System.ComponentModel.DataAnnotations;
using Kd.Settings;

namespace Kd.Cache;

/// <summary>Options of the cache server: the section <c>Cache</c>.</summary>
internal sealed class CacheServerOptions
{
    public const string Section = "Cache";

    /// <summary>Port of the Redis protocol on 127.0.0.1. Default 6379; allowed 1 to 65535.</summary>
    [Range(1, 65_535)]
    public int Port { get; set; } = 6379;

    /// <summary>Password of clients, at least 16 characters. The AppHost generates one and passes it to the server and to the teacher.</summary>
    [Secret]
    [Required(
        ErrorMessage = "Cache:Password is missing. The AppHost sets it; a server that is started by itself needs one, "
            + "for example in the environment variable Cache__Password."
    )]
    [MinLength(16, ErrorMessage = "Cache:Password must have at least 16 characters.")]
    public string Password { get; set; } = "";

    /// <summary>Folder that keeps the entries across restarts. Empty (default): in memory only.</summary>
    public string? Folder { get; set; }
}
