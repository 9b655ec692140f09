using System.Text.RegularExpressions;
using k8s.Models;
using Kd.Deploy.Tests.Images;
using Kd.Deploy.Tests.Kubernetes;
using Kd.Tests;

namespace Kd.Deploy.Tests.Running;

/// <summary>
/// Starts the containers of manifests as processes of this machine: each pod is a host of its own, services have names in the hosts' DNS, volumes are
/// folders, and a container has no variables but those that the manifests and its image give it.
/// </summary>
/// <param name="images">The images, whose programs are started from the projects' output.</param>
/// <param name="network">The hosts.</param>
/// <param name="folder">Folder of the volumes.</param>
internal sealed class Node(ServiceImages images, HostNetwork network, string folder) : IDisposable
{
    /// <summary>Domain of the services' names.</summary>
    public const string Domain = "kd.svc.cluster.local";

    // Each container has one core, whatever its limit is: this machine has few.
    private const string Cores = "1";
    private const int FirstHost = 2;

    private readonly List<PodProcess> _pods = [];
    private readonly List<V1Service> _services = [];
    private readonly Dictionary<string, string> _settings = [];
    private readonly Dictionary<string, string> _secrets = [];

    /// <summary>The pods, those that have ended too.</summary>
    public IReadOnlyList<PodProcess> Pods => _pods;

    /// <summary>Adds services and settings, and creates the secret as a user would.</summary>
    /// <param name="manifests">Contains them.</param>
    /// <param name="settings">Settings that a user's overlay changes.</param>
    public void Apply(Manifests manifests, IReadOnlyDictionary<string, string> settings)
    {
        _services.AddRange(manifests.Of<V1Service>());
        foreach (var (name, value) in manifests.Settings.Concat(settings))
            _settings[name] = value;
    }

    /// <summary>Starts a pod.</summary>
    /// <param name="template">Its template.</param>
    /// <param name="index">Its completion index, for a job.</param>
    public PodProcess Start(V1PodTemplateSpec template, int index = 0)
    {
        var container = template.Spec.Containers.Single();
        var host = FirstHost + _pods.Count;
        var address = HostNetwork.AddressOf(host);
        var mounts = container.VolumeMounts.ToDictionary(mount => mount.MountPath, mount => FolderOf(container.Name, mount.Name));
        var image = images.Find(container.Image);
        string Local(string value) => ToFolders(value, mounts, image);
        var variables = new Dictionary<string, string>(image?.Environment ?? new Dictionary<string, string>());
        foreach (var (name, value) in container.EnvFrom is null ? [] : _settings)
            variables[name] = value;
        foreach (var variable in container.Env)
            variables[variable.Name] = Expand(variable.Value ?? Read(variable.ValueFrom, $"{address}", index), variables);
        IEnumerable<string> command = [.. container.Command ?? [], .. container.Args ?? []];
        command = command.Any() ? command.Select(part => Expand(part, variables)) : ["dotnet", $"/app/{image!.Project}.dll"];
        var pod = new PodProcess(
            template,
            network.Add(host),
            address,
            [.. command.Select(Local)],
            variables.ToDictionary(variable => variable.Key, variable => Local(variable.Value))
        );
        _pods.Add(pod);
        return pod;
    }

    /// <summary>Waits until a pod is ready, and lets the DNS know it.</summary>
    public async Task WaitUntilReadyAsync(PodProcess pod)
    {
        await pod.WaitUntilReadyAsync();
        foreach (var service in _services)
        {
            var pods = _pods.Where(one => one.IsReady && Manifests.Matches(service.Spec.Selector, one.Template));
            // A headless service has the addresses of its pods, another one has one address, which stands for them.
            network.Names.Set($"{service.Metadata.Name}.{Domain}", pods.Select(one => one.Address).Take(service.Spec.ClusterIP == "None" ? int.MaxValue : 1));
        }
    }

    public void Dispose() => _pods.ForEach(pod => pod.Dispose());

    // Volumes of one claim are shared, the others are the container's own.
    private string FolderOf(string container, string volume)
    {
        var path = Path.Combine(folder, volume is "data" or "runs" ? volume : $"{container}-{_pods.Count}-{volume}");
        return Directory.CreateDirectory(path).FullName;
    }

    private static string ToFolders(string value, Dictionary<string, string> mounts, ServiceImage? image)
    {
        var output = new DirectoryInfo(AppContext.BaseDirectory);
        if (image is not null)
            value = value.Replace(
                "/app/",
                Path.Combine(TestFiles.RepositoryRoot, "src", image.Project, "bin", output.Parent!.Name, output.Name) + "/",
                StringComparison.Ordinal
            );
        // The server that Debian has; Valkey began as a copy of it.
        value = value == "valkey-server" ? "redis-server" : value;
        foreach (var (path, local) in mounts)
        {
            if (value == path || value.StartsWith(path + "/", StringComparison.Ordinal))
                return local + value[path.Length..];
        }

        return value;
    }

    private string Read(V1EnvVarSource source, string address, int index) =>
        source.SecretKeyRef is { } secret ? Secret(secret.Key)
        : source.ResourceFieldRef?.Resource == "limits.cpu" ? Cores
        : source.FieldRef?.FieldPath == "status.podIP" ? address
        : source.FieldRef?.FieldPath == "metadata.annotations['batch.kubernetes.io/job-completion-index']" ? $"{index}"
        : throw new InvalidOperationException("This node does not know that source of a variable.");

    private string Secret(string key)
    {
        if (!_secrets.TryGetValue(key, out var value))
            _secrets[key] = value = System.Security.Cryptography.RandomNumberGenerator.GetHexString(64, lowercase: true);
        return value;
    }

    private static string Expand(string value, Dictionary<string, string> variables) =>
        Regex.Replace(value, @"\$\(([A-Za-z_]+)\)", found => variables[found.Groups[1].Value]);
}
