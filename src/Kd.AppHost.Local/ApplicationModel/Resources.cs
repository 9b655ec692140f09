namespace Aspire.Hosting.ApplicationModel;

/// <summary>A part of the application.</summary>
public interface IResource
{
    /// <summary>Its name, unique in the application.</summary>
    string Name { get; }
}

/// <summary>Gives access to a resource while the application is described.</summary>
/// <typeparam name="T">Kind of the resource.</typeparam>
public interface IResourceBuilder<out T>
    where T : IResource
{
    /// <summary>The resource.</summary>
    T Resource { get; }
}

/// <summary>Something that others connect to by a connection string.</summary>
public interface IResourceWithConnectionString : IResource;

/// <summary>A cache that speaks the Redis protocol: here an embedded Garnet server.</summary>
/// <param name="name">Its name, also that of its connection string.</param>
public sealed class RedisResource(string name) : IResourceWithConnectionString
{
    /// <inheritdoc/>
    public string Name => name;

    internal string? ConnectionString { get; set; }

    internal string? DataFolder { get; set; }
}

/// <summary>A connection string from the configuration.</summary>
internal sealed class ConnectionStringResource(string name, string value) : IResourceWithConnectionString
{
    public string Name => name;

    public string Value => value;
}

/// <summary>A value that is given from outside or generated.</summary>
/// <param name="name">Its name.</param>
/// <param name="value">Its value.</param>
/// <param name="secret">Whether it must not be shown.</param>
public sealed class ParameterResource(string name, string value, bool secret) : IResource
{
    /// <inheritdoc/>
    public string Name => name;

    /// <summary>Whether it must not be shown.</summary>
    public bool Secret => secret;

    internal string Value => value;
}

/// <summary>A project of the solution, run as one or more processes.</summary>
/// <param name="name">Its name.</param>
/// <param name="assemblyPath">Path of its built assembly.</param>
public sealed class ProjectResource(string name, string assemblyPath) : IResource
{
    /// <inheritdoc/>
    public string Name => name;

    internal string AssemblyPath => assemblyPath;

    internal int Replicas { get; set; } = 1;

    internal List<LocalEndpoint> Endpoints { get; } = [];

    internal List<Action<IDictionary<string, string>>> Environment { get; } = [];

    internal List<IResource> Dependencies { get; } = [];

    internal (string Path, string Endpoint)? HealthCheck { get; set; }

    internal Dictionary<string, string> UrlTexts { get; } = [];

    internal List<DeclaredCommand> Commands { get; } = [];
}

/// <summary>An http endpoint of a project; each replica has a port of its own.</summary>
internal sealed class LocalEndpoint(string name, string? portVariable)
{
    public string Name => name;

    public string? PortVariable => portVariable;

    public int[] Ports { get; set; } = [];
}

/// <summary>The address of an endpoint, known when the application starts.</summary>
public sealed class EndpointReference
{
    internal EndpointReference(ProjectResource resource, string name) => (Resource, EndpointName) = (resource, name);

    /// <summary>Name of the endpoint.</summary>
    public string EndpointName { get; }

    internal ProjectResource Resource { get; }

    /// <summary>The address, of the first replica where there are several.</summary>
    public string Url => Urls[0];

    /// <summary>One address for each replica.</summary>
    internal IReadOnlyList<string> Urls
    {
        get
        {
            var endpoint = Resource.Endpoints.FirstOrDefault(endpoint => endpoint.Name == EndpointName)
                ?? throw new InvalidOperationException($"Resource '{Resource.Name}' has no endpoint '{EndpointName}'; declare it with WithHttpEndpoint(name: \"{EndpointName}\").");
            return Array.ConvertAll(endpoint.Ports, port => $"http://localhost:{port}");
        }
    }
}

/// <summary>How a parameter's value is made where none is given.</summary>
public abstract class ParameterDefault
{
    /// <summary>Makes the value.</summary>
    public abstract string GetDefaultValue();
}

/// <summary>A random value of letters and digits.</summary>
public sealed class GenerateParameterDefault : ParameterDefault
{
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    /// <summary>Number of characters.</summary>
    public int MinLength { get; set; } = 22;

    /// <summary>Whether special characters may occur; here they never do.</summary>
    public bool Special { get; set; } = true;

    /// <inheritdoc/>
    public override string GetDefaultValue() => System.Security.Cryptography.RandomNumberGenerator.GetString(Alphabet, MinLength);
}

/// <summary>How a URL of a resource is shown.</summary>
public sealed class ResourceUrlAnnotation
{
    /// <summary>The URL.</summary>
    public string Url { get; set; } = "";

    /// <summary>Its name for people.</summary>
    public string? DisplayText { get; set; }
}
