using Kd.AppHost.Settings;

namespace Kd.AppHost.Hosting;

/// <summary>What the services' resources have in common.</summary>
internal static class ResourceExtensions
{
    private const string Http = "http",
        Grpc = "grpc",
        Redis = "redis";

    /// <summary>Adds the cache: the Redis of <c>ConnectionStrings:cache</c> where that is set, else a Garnet server of the AppHost's own.</summary>
    public static LogitsCache AddCache(this IDistributedApplicationBuilder builder, RunSettings settings)
    {
        if (settings.HasOwnRedis)
        {
            var given = builder.AddConnectionString("cache").WithIconName("DatabaseLightning");
            return new LogitsCache(given, given.Resource.ConnectionStringExpression);
        }

        var password = builder.AddParameter("cache-password", new GenerateParameterDefault { MinLength = 32, Special = false }, secret: true);
        var server = builder
            .AddProject<Projects.Kd_Cache>("cache")
            .WithHealthEndpoint()
            .WithEndpoint(name: Redis, scheme: "tcp", env: "Cache__Port", isProxied: false)
            .WithUrlForEndpoint(Redis, OnlyInDetails)
            .WithEnvironment("Cache__Password", password)
            .WithEnvironment("Cache__Folder", settings.CacheFolder)
            .WithIconName("DatabaseLightning");
        var endpoint = server.GetEndpoint(Redis);
        return new LogitsCache(
            server,
            ReferenceExpression.Create($"{endpoint.Property(EndpointProperty.IPV4Host)}:{endpoint.Property(EndpointProperty.Port)},password={password}")
        );
    }

    /// <summary>Hands the cache's connection string to a service, which starts after it.</summary>
    public static IResourceBuilder<ProjectResource> WithCache(this IResourceBuilder<ProjectResource> service, LogitsCache cache) =>
        service.WithEnvironment("ConnectionStrings__cache", cache.ConnectionString).WithReferenceRelationship(cache.Resource.Resource).WaitFor(cache.Resource);

    /// <summary>Adds the endpoints of a gRPC service, its health check and the key that its callers need.</summary>
    public static IResourceBuilder<ProjectResource> WithGrpcEndpoints(
        this IResourceBuilder<ProjectResource> service,
        IResourceBuilder<ParameterResource> key
    ) =>
        service
            .WithHealthEndpoint()
            .WithHttpEndpoint(name: Grpc, env: "Endpoints__GrpcPort")
            .WithUrlForEndpoint(Grpc, OnlyInDetails)
            .WithEnvironment("Service__Key", key);

    /// <summary>Hands the address of a gRPC service to another service.</summary>
    public static IResourceBuilder<ProjectResource> WithGrpcAddress(
        this IResourceBuilder<ProjectResource> service,
        string variable,
        IResourceBuilder<ProjectResource> called
    )
    {
        // Not localhost: the services listen on 127.0.0.1, and ::1 may be somebody else.
        var endpoint = called.GetEndpoint(Grpc);
        return service
            .WithEnvironment(
                variable,
                ReferenceExpression.Create($"http://{endpoint.Property(EndpointProperty.IPV4Host)}:{endpoint.Property(EndpointProperty.Port)}")
            )
            .WithReferenceRelationship(called);
    }

    /// <summary>Adds the trainer's web endpoint with its health check, shown as the run page and the API.</summary>
    public static IResourceBuilder<ProjectResource> WithRunPage(this IResourceBuilder<ProjectResource> trainer, IResourceBuilder<ParameterResource> key) =>
        trainer
            .WithWebEndpoint()
            .WithUrlForEndpoint(Http, url => url.DisplayText = "Run page")
            .WithUrlForEndpoint(Http, _ => new ResourceUrlAnnotation { Url = "/openapi/v1.json", DisplayText = "API" })
            .WithEnvironment("Service__Key", key)
            .WithEnvironment("Host__Start", Guid.NewGuid().ToString("N"));

    /// <summary>Sets the values of some sections as the service's environment variables.</summary>
    public static IResourceBuilder<ProjectResource> WithSettings(this IResourceBuilder<ProjectResource> service, RunSettings settings, params string[] sections)
    {
        foreach (var (name, value) in settings.Variables(sections))
            service.WithEnvironment(name, value);
        return service;
    }

    private static IResourceBuilder<ProjectResource> WithHealthEndpoint(this IResourceBuilder<ProjectResource> service) =>
        service.WithWebEndpoint().WithUrlForEndpoint(Http, OnlyInDetails);

    private static IResourceBuilder<ProjectResource> WithWebEndpoint(this IResourceBuilder<ProjectResource> service) =>
        service
            .WithHttpEndpoint(name: Http)
            .WithHttpHealthCheck("/health", endpointName: Http)
            // Nothing here speaks TLS, and the dashboard would warn that the developer certificate is not trusted.
            .WithoutHttpsCertificate()
            // Its capitals hide the console's own log levels in appsettings.json, whose section is matched by case.
            .WithEnvironment(context => context.EnvironmentVariables.Remove("LOGGING__CONSOLE__FORMATTERNAME"))
            // Milliseconds, not 10 seconds: where the dashboard has ended first, a service must not wait for it at its own end.
            .WithEnvironment("OTEL_EXPORTER_OTLP_TIMEOUT", "1000");

    private static void OnlyInDetails(ResourceUrlAnnotation url) => url.DisplayLocation = UrlDisplayLocation.DetailsOnly;
}

/// <summary>The Redis server that keeps the teacher's logits.</summary>
/// <param name="Resource">What the teacher waits for.</param>
/// <param name="ConnectionString">As StackExchange.Redis reads it.</param>
internal sealed record LogitsCache(IResourceBuilder<IResource> Resource, ReferenceExpression ConnectionString);
