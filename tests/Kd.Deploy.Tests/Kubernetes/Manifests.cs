using System.Collections.Concurrent;
using k8s;
using k8s.Models;
using Kd.Deploy.Tests.Images;
using Kd.Tests;

namespace Kd.Deploy.Tests.Kubernetes;

/// <summary>The objects of a kustomization, rendered by kubectl and loaded into the types of Kubernetes' own client.</summary>
/// <param name="Objects">The objects.</param>
internal sealed record Manifests(IReadOnlyList<object> Objects)
{
    /// <summary>All kustomizations, as folders in deploy/kubernetes.</summary>
    public static readonly string[] All = ["base", "overlays/cpu", "overlays/gpu", "overlays/keda", "jobs/label", "jobs/study"];

    private static readonly ConcurrentDictionary<string, Task<string>> s_rendered = [];
    private static readonly Dictionary<string, Type> s_types = new() { ["keda.sh/v1alpha1/ScaledObject"] = typeof(ScaledObject) };

    /// <summary>The workloads' pods by name of the workload.</summary>
    public IReadOnlyDictionary<string, V1PodTemplateSpec> Pods { get; } =
        Objects
            .Select(one =>
                one switch
                {
                    V1Deployment deployment => (deployment.Metadata.Name, deployment.Spec.Template),
                    V1StatefulSet set => (set.Metadata.Name, set.Spec.Template),
                    V1Job job => (job.Metadata.Name, job.Spec.Template),
                    _ => default,
                }
            )
            .Where(pod => pod.Template is not null)
            .ToDictionary(pod => pod.Name, pod => pod.Template);

    /// <summary>The containers of all pods.</summary>
    public IEnumerable<V1Container> Containers => Pods.Values.SelectMany(pod => pod.Spec.Containers);

    /// <summary>The settings that containers get from the ConfigMap.</summary>
    public IEnumerable<KeyValuePair<string, string>> Settings => Of<V1ConfigMap>().SelectMany(map => map.Data);

    /// <summary>Renders and loads a kustomization; skips the test where kubectl is missing.</summary>
    public static async Task<Manifests> LoadAsync(string kustomization) => Load(await RenderAsync(kustomization));

    /// <summary>Loads objects; an unknown field is an error.</summary>
    public static Manifests Load(string yaml) => new(KubernetesYaml.LoadAllFromString(yaml, s_types, strict: true));

    /// <summary>Renders a kustomization, once for all tests.</summary>
    public static Task<string> RenderAsync(string kustomization)
    {
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        Assert.SkipUnless(path.Any(folder => File.Exists(Path.Combine(folder, "kubectl"))), "needs kubectl (apt-get install kubernetes-client)");
        var source = Path.Combine(TestFiles.RepositoryRoot, "deploy", "kubernetes", kustomization);
        return s_rendered.GetOrAdd(kustomization, _ => ProgramOutput.ReadAsync("kubectl", "kustomize", source));
    }

    /// <summary>The objects of a type.</summary>
    public IEnumerable<T> Of<T>() => Objects.OfType<T>();

    /// <summary>Whether a selector chooses a pod.</summary>
    public static bool Matches(IDictionary<string, string> selector, V1PodTemplateSpec pod) => selector.All(label => pod.Metadata.Labels.Contains(label));
}
