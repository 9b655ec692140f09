using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

/// <summary>The part of Aspire's builder methods that AppHost.cs uses.</summary>
public static class ResourceExtensions
{
    /// <summary>Adds a cache of the Redis protocol.</summary>
    public static IResourceBuilder<RedisResource> AddRedis(this IDistributedApplicationBuilder builder, string name) => Add(builder, new RedisResource(name));

    /// <summary>Keeps the cache's data in a folder of this machine.</summary>
    public static IResourceBuilder<RedisResource> WithDataBindMount(this IResourceBuilder<RedisResource> builder, string source, bool isReadOnly = false)
    {
        builder.Resource.DataFolder = source;
        return builder;
    }

    /// <summary>Writes the data so that it outlives the process; a server with a data folder always does that here.</summary>
    public static IResourceBuilder<RedisResource> WithPersistence(this IResourceBuilder<RedisResource> builder, TimeSpan? interval = null, long keysChangedThreshold = 1) => builder;

    /// <summary>Adds a connection string of the configuration, <c>ConnectionStrings:NAME</c>: something that runs elsewhere.</summary>
    public static IResourceBuilder<IResourceWithConnectionString> AddConnectionString(this IDistributedApplicationBuilder builder, string name) =>
        Add(builder, new ConnectionStringResource(name, builder.Configuration[$"ConnectionStrings:{name}"] ?? throw new InvalidOperationException($"ConnectionStrings:{name} is not set.")));

    /// <summary>Adds a parameter: <c>Parameters:NAME</c> of the configuration, or a generated value.</summary>
    public static IResourceBuilder<ParameterResource> AddParameter(this IDistributedApplicationBuilder builder, string name, ParameterDefault value, bool secret = false, bool persist = false) =>
        Add(builder, new ParameterResource(name, builder.Configuration[$"Parameters:{name}"] is { Length: > 0 } given ? given : value.GetDefaultValue(), secret));

    /// <summary>Adds a project of the solution.</summary>
    public static IResourceBuilder<ProjectResource> AddProject<TProject>(this IDistributedApplicationBuilder builder, string name)
        where TProject : IProjectMetadata, new() => Add(builder, new ProjectResource(name, new TProject().ProjectPath));

    /// <summary>Declares an http endpoint; <paramref name="env"/> names the variable that gets its port.</summary>
    public static IResourceBuilder<ProjectResource> WithHttpEndpoint(this IResourceBuilder<ProjectResource> builder, int? port = null, int? targetPort = null, string? name = null, string? env = null, bool isProxied = true)
    {
        builder.Resource.Endpoints.Add(new LocalEndpoint(name ?? "http", env) { Ports = port is { } fixedPort ? [fixedPort] : [] });
        return builder;
    }

    /// <summary>The project is healthy when a GET of the path gives 200.</summary>
    public static IResourceBuilder<ProjectResource> WithHttpHealthCheck(this IResourceBuilder<ProjectResource> builder, string? path = null, int? statusCode = null, string? endpointName = null)
    {
        builder.Resource.HealthCheck = (path ?? "/", endpointName ?? "http");
        return builder;
    }

    /// <summary>Number of processes.</summary>
    public static IResourceBuilder<ProjectResource> WithReplicas(this IResourceBuilder<ProjectResource> builder, int replicas)
    {
        builder.Resource.Replicas = replicas;
        return builder;
    }

    /// <summary>Sets an environment variable.</summary>
    public static IResourceBuilder<ProjectResource> WithEnvironment(this IResourceBuilder<ProjectResource> builder, string name, string? value) =>
        Set(builder, variables => variables[name] = value ?? "");

    /// <summary>Sets an environment variable to a parameter's value.</summary>
    public static IResourceBuilder<ProjectResource> WithEnvironment(this IResourceBuilder<ProjectResource> builder, string name, IResourceBuilder<ParameterResource> parameter) =>
        Set(builder, variables => variables[name] = parameter.Resource.Value);

    /// <summary>Sets an environment variable to an endpoint's address; those of several replicas are separated by ';'.</summary>
    public static IResourceBuilder<ProjectResource> WithEnvironment(this IResourceBuilder<ProjectResource> builder, string name, EndpointReference endpointReference) =>
        Set(builder, variables => variables[name] = string.Join(';', endpointReference.Urls));

    /// <summary>Hands on a connection string.</summary>
    public static IResourceBuilder<ProjectResource> WithReference(this IResourceBuilder<ProjectResource> builder, IResourceBuilder<IResourceWithConnectionString> source) =>
        Set(builder, variables => variables[$"ConnectionStrings__{source.Resource.Name}"] = source.Resource switch
        {
            RedisResource redis => redis.ConnectionString ?? "",
            ConnectionStringResource given => given.Value,
            var other => throw new InvalidOperationException($"'{other.Name}' has no connection string here."),
        });

    /// <summary>Hands on an endpoint's addresses for service discovery.</summary>
    public static IResourceBuilder<ProjectResource> WithReference(this IResourceBuilder<ProjectResource> builder, EndpointReference endpointReference) => Set(builder, variables =>
    {
        foreach (var (index, url) in endpointReference.Urls.Index())
            variables[$"services__{endpointReference.Resource.Name}__{endpointReference.EndpointName}__{index}"] = url;
    });

    /// <summary>Starts the project only when the other resource is healthy.</summary>
    public static IResourceBuilder<ProjectResource> WaitFor(this IResourceBuilder<ProjectResource> builder, IResourceBuilder<IResource> dependency)
    {
        builder.Resource.Dependencies.Add(dependency.Resource);
        return builder;
    }

    /// <summary>An endpoint of the project, by name.</summary>
    public static EndpointReference GetEndpoint(this IResourceBuilder<ProjectResource> builder, string name) => new(builder.Resource, name);

    /// <summary>Says how an endpoint's URL is shown.</summary>
    public static IResourceBuilder<ProjectResource> WithUrlForEndpoint(this IResourceBuilder<ProjectResource> builder, string endpointName, Action<ResourceUrlAnnotation> callback)
    {
        var annotation = new ResourceUrlAnnotation();
        callback(annotation);
        builder.Resource.UrlTexts[endpointName] = annotation.DisplayText ?? endpointName;
        return builder;
    }

    /// <summary>In Aspire's dashboard this is a button of the resource. Here there is none: the request can be sent by hand, and the run page has the buttons.</summary>
    public static IResourceBuilder<ProjectResource> WithHttpCommand(
        this IResourceBuilder<ProjectResource> builder, string path, string displayName, string? endpointName = null, string? commandName = null, HttpCommandOptions? commandOptions = null)
    {
        builder.Resource.Commands.Add(new DeclaredCommand(commandName ?? path, displayName, path, commandOptions?.Method ?? HttpMethod.Post, null));
        return builder;
    }

    /// <summary>The same for a command that is more than a request.</summary>
    public static IResourceBuilder<ProjectResource> WithCommand(
        this IResourceBuilder<ProjectResource> builder, string name, string displayName, Func<ExecuteCommandContext, Task<ExecuteCommandResult>> executeCommand, CommandOptions? commandOptions = null)
    {
        builder.Resource.Commands.Add(new DeclaredCommand(name, displayName, null, null, executeCommand));
        return builder;
    }

    private static IResourceBuilder<ProjectResource> Set(IResourceBuilder<ProjectResource> builder, Action<IDictionary<string, string>> set)
    {
        builder.Resource.Environment.Add(set);
        return builder;
    }

    private static LocalResourceBuilder<T> Add<T>(IDistributedApplicationBuilder builder, T resource)
        where T : IResource
    {
        var application = (LocalApplicationBuilder)builder;
        if (application.Resources.Any(known => known.Name == resource.Name))
            throw new InvalidOperationException($"There are two resources named '{resource.Name}'.");
        application.Resources.Add(resource);
        return new LocalResourceBuilder<T>(application, resource);
    }
}
