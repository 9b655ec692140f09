using System.Globalization;
using Kd.AppHost.Access;
using Kd.AppHost.Settings;
using Kd.Settings;

namespace Kd.AppHost.Hosting;

/// <summary>Configures the resources of the services.</summary>
internal static class ResourceExtensions
{
    private const string Http = "http",
        Grpc = "grpc",
        Redis = "redis";

    /// <summary>Adds the cache: the Redis of <c>ConnectionStrings:cache</c> if that is set, else the AppHost's own Garnet server.</summary>
    public static LogitsCache AddCache(this IDistributedApplicationBuilder builder, RunSettings settings)
    {
        if (settings.UsesExternalRedis)
        {
            var given = builder.AddConnectionString(SharedNames.CacheConnection).WithIconName("DatabaseLightning");
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

    /// <summary>Passes the cache's connection string to a service, which loads its network while the cache starts, and then waits for it.</summary>
    public static IResourceBuilder<ProjectResource> WithCache(this IResourceBuilder<ProjectResource> service, LogitsCache cache) =>
        service
            .WithEnvironment(SharedNames.ToVariable($"ConnectionStrings:{SharedNames.CacheConnection}"), cache.ConnectionString)
            .WithReferenceRelationship(cache.Resource.Resource)
            .WaitForStart(cache.Resource);

    /// <summary>Adds the endpoints of a gRPC service, its health check and the key that it requires of callers.</summary>
    public static IResourceBuilder<ProjectResource> WithGrpcEndpoints(
        this IResourceBuilder<ProjectResource> service,
        IResourceBuilder<ParameterResource> key
    ) =>
        service
            .WithHealthEndpoint()
            .WithHttpEndpoint(name: Grpc, env: SharedNames.ToVariable(SharedNames.GrpcPort))
            .WithUrlForEndpoint(Grpc, OnlyInDetails)
            .WithEnvironment(SharedNames.ToVariable(SharedNames.ServiceKey), key);

    /// <summary>Adds the teacher, or each of several with its own settings and replicas.</summary>
    public static IReadOnlyList<IResourceBuilder<ProjectResource>> AddTeachers(
        this IDistributedApplicationBuilder builder,
        RunSettings settings,
        IResourceBuilder<ParameterResource> key,
        LogitsCache cache
    ) =>
        [
            .. settings.Teachers.Select(teacher =>
                builder
                    .AddProject<Projects.Kd_TeacherService>(teacher.Resource)
                    .WithGrpcEndpoints(key)
                    .WithCache(cache)
                    .WithReplicas(teacher.Replicas)
                    .WithSettings(settings.Variables(RunSettings.TeacherSections).Concat(teacher.Variables))
                    .WithIconName("HatGraduation")
            ),
        ];

    /// <summary>Passes the addresses of gRPC services to another service, separated by '|'.</summary>
    public static IResourceBuilder<ProjectResource> WithGrpcAddresses(
        this IResourceBuilder<ProjectResource> service,
        string setting,
        params IReadOnlyList<IResourceBuilder<ProjectResource>> called
    )
    {
        var addresses = new ReferenceExpressionBuilder();
        foreach (var (index, one) in called.Index())
        {
            // Not localhost: the services listen on 127.0.0.1, and another program may listen on ::1.
            var endpoint = one.GetEndpoint(Grpc);
            if (index > 0)
                addresses.AppendLiteral("|");
            addresses.Append($"http://{endpoint.Property(EndpointProperty.IPV4Host)}:{endpoint.Property(EndpointProperty.Port)}");
            service.WithReferenceRelationship(one);
        }

        return service.WithEnvironment(SharedNames.ToVariable(setting), addresses.Build());
    }

    /// <summary>Adds the trainer's web endpoint with its health check, shown as the run page and the API.</summary>
    public static IResourceBuilder<ProjectResource> WithRunPage(this IResourceBuilder<ProjectResource> trainer, IResourceBuilder<ParameterResource> key) =>
        trainer
            .WithWebEndpoint()
            .WithUrlForEndpoint(Http, url => url.DisplayText = "Run page")
            .WithUrlForEndpoint(Http, _ => new ResourceUrlAnnotation { Url = "/openapi/v1.json", DisplayText = "API" })
            .WithUrls(async context =>
            {
                var token = await key.Resource.GetPageTokenAsync(context.CancellationToken);
                foreach (var url in context.Urls.Where(url => url.Endpoint?.EndpointName == Http))
                {
                    var path = url.Url.StartsWith('/') ? url.Url : "/";
                    url.Url = PageToken.AddTo(await url.Endpoint!.GetExactUrlAsync(context.CancellationToken) + path, token);
                }
            })
            .WithEnvironment(SharedNames.ToVariable(SharedNames.ServiceKey), key);

    /// <summary>Adds processes that take runs of the trainer's studies, if the settings have any.</summary>
    public static void AddWorkers(
        this IDistributedApplicationBuilder builder,
        RunSettings settings,
        IResourceBuilder<ParameterResource> key,
        IReadOnlyList<IResourceBuilder<ProjectResource>> teachers,
        IResourceBuilder<ProjectResource> agent,
        IResourceBuilder<ProjectResource> trainer
    )
    {
        // The trainer itself is the first one.
        if (settings.Workers < 2)
            return;
        builder
            .AddProject<Projects.Kd_StudentTrainer>(SharedNames.Worker)
            .WithHealthEndpoint()
            .WithEnvironment(SharedNames.ToVariable(SharedNames.ServiceKey), key)
            .WithReplicas(settings.Workers - 1)
            .WithTraining(settings, teachers, agent)
            .WithEnvironment(SharedNames.ToVariable("Run:Task"), RunOptions.Work)
            // Their start must not delay the first run.
            .WaitFor(trainer)
            .WithIconName("Dumbbell");
    }

    /// <summary>Passes the addresses of teachers and agent and the settings of runs to a process that trains.</summary>
    public static IResourceBuilder<ProjectResource> WithTraining(
        this IResourceBuilder<ProjectResource> trainer,
        RunSettings settings,
        IReadOnlyList<IResourceBuilder<ProjectResource>> teachers,
        IResourceBuilder<ProjectResource> agent
    )
    {
        // It opens its pictures while they start, and its first call waits for them. But a proxied connection stays with its replica: one that was not there
        // when the connections are made has no work until some of them are opened anew.
        foreach (var (teacher, replicas) in teachers.Zip(settings.Teachers, (teacher, its) => (teacher, its.Replicas)))
        {
            if (replicas > 1)
                trainer.WaitFor(teacher);
            else
                trainer.WaitForStart(teacher);
        }

        if (teachers.Count > 0)
            trainer.WithGrpcAddresses(SharedNames.TeacherAddress, teachers);
        return trainer
            .WithGrpcAddresses(SharedNames.AgentAddress, agent)
            .WaitForStart(agent)
            .WithEnvironment(SharedNames.ToVariable(SharedNames.HostStart), settings.Start)
            .WithEnvironment(SharedNames.ToVariable(SharedNames.TeacherCores), settings.TeacherCores.ToString(CultureInfo.InvariantCulture))
            .WithSettings(settings.Variables(settings.TrainerSections));
    }

    /// <summary>Passes settings to a service as environment variables.</summary>
    public static IResourceBuilder<ProjectResource> WithSettings(
        this IResourceBuilder<ProjectResource> service,
        IEnumerable<KeyValuePair<string, string>> variables
    )
    {
        foreach (var (name, value) in variables)
            service.WithEnvironment(name, value);
        return service;
    }

    private static IResourceBuilder<ProjectResource> WithHealthEndpoint(this IResourceBuilder<ProjectResource> service) =>
        service.WithWebEndpoint().WithUrlForEndpoint(Http, OnlyInDetails);

    private static IResourceBuilder<ProjectResource> WithWebEndpoint(this IResourceBuilder<ProjectResource> service) =>
        service
            .WithBuiltProgram()
            .WithHttpEndpoint(name: Http)
            .WithHttpHealthCheck("/health", endpointName: Http)
            // No service uses TLS, and the dashboard would warn that the developer certificate is not trusted.
            .WithoutHttpsCertificate()
            // Its uppercase section name would hide the console's own log levels in appsettings.json, since that section is matched by case.
            .WithEnvironment(context => context.EnvironmentVariables.Remove("LOGGING__CONSOLE__FORMATTERNAME"))
            // Milliseconds; the default is 10 s. If the dashboard has ended first, a service that shuts down must not wait for it.
            .WithEnvironment("OTEL_EXPORTER_OTLP_TIMEOUT", "1000");

    private static void OnlyInDetails(ResourceUrlAnnotation url) => url.DisplayLocation = UrlDisplayLocation.DetailsOnly;
}

/// <summary>The Redis server that keeps the teacher's logits.</summary>
/// <param name="Resource">The resource that the teacher waits for.</param>
/// <param name="ConnectionString">The connection string for StackExchange.Redis.</param>
internal sealed record LogitsCache(IResourceBuilder<IResource> Resource, ReferenceExpression ConnectionString);
