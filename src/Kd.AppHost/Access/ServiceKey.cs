using Kd.Settings;

namespace Kd.AppHost.Access;

/// <summary>The key that the services share, from which the token of the run page follows.</summary>
internal static class ServiceKey
{
    private const string Name = "service-key";

    /// <summary>Adds the key as a parameter with a generated value.</summary>
    public static IResourceBuilder<ParameterResource> AddServiceKey(this IDistributedApplicationBuilder builder) =>
        builder.AddParameter(Name, new GenerateParameterDefault { MinLength = 32, Special = false }, secret: true);

    /// <summary>Derives the token of the run page.</summary>
    public static async ValueTask<string> GetPageTokenAsync(this ParameterResource key, CancellationToken cancellation) =>
        PageToken.Of(await key.GetValueAsync(cancellation) ?? "");

    /// <summary>Finds the key among the resources.</summary>
    public static ParameterResource FindServiceKey(this DistributedApplicationModel model) =>
        model.Resources.OfType<ParameterResource>().Single(parameter => parameter.Name == Name);
}
