using k8s.Models;
using Kd.Deploy.Tests.Images;

namespace Kd.Deploy.Tests.Kubernetes;

/// <summary>Compares the pods of every kustomization with what the services and their images are.</summary>
public sealed class PodTests(ServiceImages images)
{
    // The only container whose image is not built here.
    private const string Cache = "valkey/valkey:8.1";

    public static TheoryData<string> Kustomizations => new(Manifests.All);

    [Theory]
    [MemberData(nameof(Kustomizations))]
    public async Task Environment_EachVariable_IsASettingWithAnAllowedValue(string kustomization)
    {
        var manifests = await Manifests.LoadAsync(kustomization);
        var problems = manifests.Settings.Select(variable => Problem(variable.Key, variable.Value, used: "")).ToList();
        foreach (var container in manifests.Containers)
        {
            var used = string.Join(' ', [.. container.Env.Select(variable => variable.Value), .. container.Command ?? [], .. container.Args ?? []]);
            problems.AddRange(container.Env.Select(variable => Problem(variable.Name, variable.Value, used)));
            // Kubernetes expands a variable only in those after it.
            foreach (var (index, variable) in container.Env.Index())
                Assert.All(References(variable.Value), name => Assert.Contains(name, container.Env.Take(index).Select(before => before.Name)));
        }

        Assert.Equal([], problems.OfType<string>());
    }

    [Theory]
    [MemberData(nameof(Kustomizations))]
    public async Task Image_EachContainer_IsAProjectsImage(string kustomization)
    {
        foreach (var container in (await Manifests.LoadAsync(kustomization)).Containers.Where(one => one.Image != Cache))
        {
            var image = images.Find(container.Image);
            Assert.True(image is not null, $"{container.Image} is no project's image");
            Assert.Contains(container.Image.Split(':')[1], new[] { image.Tag, image.Tag.Replace("-cpu", "-cuda", StringComparison.Ordinal) });
        }
    }

    [Theory]
    [MemberData(nameof(Kustomizations))]
    public async Task Probes_EachContainer_AskPortsAndPathsThatTheServiceHas(string kustomization)
    {
        foreach (var container in (await Manifests.LoadAsync(kustomization)).Containers.Where(one => one.Image != Cache))
        {
            var image = images.Find(container.Image)!;
            Assert.Equal(image.BoundPorts.Order(), container.Ports.Select(port => port.ContainerPort).Order());
            Assert.NotNull(container.LivenessProbe);
            foreach (var probe in new[] { container.StartupProbe, container.ReadinessProbe, container.LivenessProbe }.OfType<V1Probe>())
            {
                Assert.True(probe.HttpGet is null != probe.Grpc is null, "a probe asks by HTTP or gRPC");
                if (probe.Grpc is { } grpc)
                    Assert.Equal(image.ProbePort, grpc.Port);
                else
                    Assert.Equal((image.HttpPort, true), (PortOf(container, probe.HttpGet!.Port), probe.HttpGet.Path is "/health" or "/alive"));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Kustomizations))]
    public async Task Security_EachPod_IsRestrictedAndLimited(string kustomization)
    {
        foreach (var (name, pod) in (await Manifests.LoadAsync(kustomization)).Pods)
        {
            Assert.True(pod.Spec.SecurityContext is { RunAsNonRoot: true, SeccompProfile.Type: "RuntimeDefault" }, $"{name} may be root");
            Assert.Equal((false, false), (pod.Spec.AutomountServiceAccountToken, pod.Spec.EnableServiceLinks));
            foreach (var container in pod.Spec.Containers)
            {
                if (images.Find(container.Image) is { } image)
                    Assert.Equal(image.User, $"{pod.Spec.SecurityContext.RunAsUser}");
                Assert.True(container.SecurityContext is { ReadOnlyRootFilesystem: true, AllowPrivilegeEscalation: false, Privileged: not true });
                Assert.Equal(["ALL"], container.SecurityContext.Capabilities.Drop);
                Assert.All(new[] { "cpu", "memory" }, resource => Assert.Contains(resource, container.Resources.Limits.Keys));
                // .NET's diagnostics, decoded pictures and the like; HOME is there, too.
                if (container.Image != Cache)
                    Assert.Contains(container.VolumeMounts, mount => mount.MountPath == "/tmp" && VolumeOf(pod, mount).EmptyDir is not null);
            }
        }
    }

    // A replica that is killed before it has drained would break calls off.
    [Theory]
    [InlineData("base")]
    [InlineData("overlays/gpu")]
    public async Task Drain_OfTheTeacher_EndsBeforeTheKill(string kustomization)
    {
        var pod = (await Manifests.LoadAsync(kustomization)).Pods["teacher"].Spec;
        var timeout = pod.Containers.Single().Env.Single(variable => variable.Name == "DOTNET_SHUTDOWNTIMEOUTSECONDS").Value;

        Assert.InRange(int.Parse(timeout, null), 30, pod.TerminationGracePeriodSeconds!.Value - 5);
    }

    internal static int PortOf(V1Container container, IntOrString port) =>
        int.TryParse(port.Value, out var number) ? number : container.Ports.Single(one => one.Name == port.Value).ContainerPort;

    private static V1Volume VolumeOf(V1PodTemplateSpec pod, V1VolumeMount mount) => pod.Spec.Volumes.Single(volume => volume.Name == mount.Name);

    private static IEnumerable<string> References(string? value) =>
        System.Text.RegularExpressions.Regex.Matches(value ?? "", @"\$\(([A-Za-z_]+)\)").Select(match => match.Groups[1].Value);

    // A variable that only other variables or the command use has a name of its own.
    private static string? Problem(string name, string? value, string used) =>
        used.Contains($"$({name})", StringComparison.Ordinal) || used.Contains($"${name}", StringComparison.Ordinal)
            ? null
            : KnownVariables.Problem(name, value);
}
