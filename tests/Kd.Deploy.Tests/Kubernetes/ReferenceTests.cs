using k8s.Models;

namespace Kd.Deploy.Tests.Kubernetes;

/// <summary>Looks for what the manifests refer to by name.</summary>
public sealed class ReferenceTests
{
    public static TheoryData<string> Jobs => new("jobs/label", "jobs/study");

    [Fact]
    public async Task Selectors_EachOfTheBase_ChooseAPodWithThatPort()
    {
        var manifests = await Manifests.LoadAsync("base");

        foreach (var service in manifests.Of<V1Service>())
        {
            var pods = manifests.Pods.Values.Where(pod => Manifests.Matches(service.Spec.Selector, pod)).ToList();
            Assert.NotEmpty(pods);
            foreach (var port in service.Spec.Ports)
                Assert.All(pods, pod => Assert.Equal(port.Port, PodTests.PortOf(pod.Spec.Containers.Single(), port.TargetPort)));
        }

        var budget = manifests.Of<V1PodDisruptionBudget>().Single().Spec.Selector.MatchLabels;
        Assert.Equal(["teacher"], manifests.Pods.Where(pod => Manifests.Matches(budget, pod.Value)).Select(pod => pod.Key));
        foreach (var set in manifests.Of<V1StatefulSet>())
            Assert.Contains(manifests.Of<V1Service>(), service => service.Metadata.Name == set.Spec.ServiceName);
    }

    [Fact]
    public async Task Addresses_EachInTheEnvironment_AreServicesWithThatPort()
    {
        var services = (await Manifests.LoadAsync("base")).Of<V1Service>().ToList();
        foreach (var kustomization in Manifests.All)
        {
            var variables = (await Manifests.LoadAsync(kustomization)).Containers.SelectMany(container => container.Env).ToList();
            foreach (var address in variables.Where(one => one.Name is "TeacherClient__Address" or "AgentClient__Address").Select(one => one.Value))
            {
                var target = address.Replace("dns:///", "http://", StringComparison.Ordinal);
                AssertIsService(services, new Uri(target).Host, new Uri(target).Port);
            }

            foreach (var cache in variables.Where(one => one.Name == "ConnectionStrings__cache").Select(one => one.Value.Split(',')[0].Split(':')))
                AssertIsService(services, cache[0], int.Parse(cache[1], null));
        }
    }

    // The trainer resolves it, so it has to be headless, and without replicas that drain.
    [Fact]
    public async Task Service_OfTheTeachers_IsHeadlessAndHasReadyReplicasOnly()
    {
        var service = (await Manifests.LoadAsync("base")).Of<V1Service>().Single(one => one.Metadata.Name == "teacher");

        Assert.Equal(("None", false), (service.Spec.ClusterIP, service.Spec.PublishNotReadyAddresses ?? false));
    }

    [Fact]
    public async Task ScaledObject_OfTheTeachers_AsksEveryClient()
    {
        var manifests = await Manifests.LoadAsync("overlays/keda");
        var trigger = manifests.Of<ScaledObject>().Single().Spec.Triggers.Single();
        var url = new Uri(trigger.Metadata.Url);
        var service = manifests.Of<V1Service>().Single(one => url.Host == $"{one.Metadata.Name}.{one.Metadata.NamespaceProperty}.svc.cluster.local");

        Assert.Equal("metrics-api", trigger.Type);
        Assert.Equal(("/scale", "waitingViews"), (url.AbsolutePath, trigger.Metadata.ValueLocation));
        foreach (var kustomization in Manifests.All)
        {
            foreach (var (name, pod) in (await Manifests.LoadAsync(kustomization)).Pods)
            {
                var asks = pod.Spec.Containers.Single().Env.Any(variable => variable.Name == "TeacherClient__Address");
                Assert.True(asks == Manifests.Matches(service.Spec.Selector, pod), $"{name} of {kustomization} {(asks ? "lacks" : "has")} the clients' label");
                // KEDA and the kubelet ask the address of the pod.
                if (asks)
                    Assert.Contains("$(POD_IP)", pod.Spec.Containers.Single().Env.Single(variable => variable.Name == "AllowedHosts").Value);
            }
        }
    }

    [Fact]
    public async Task References_EachToConfigurationSecretAndVolume_Exist()
    {
        var shared = await Manifests.LoadAsync("base");
        var claims = shared.Of<V1PersistentVolumeClaim>().Select(claim => claim.Metadata.Name).ToList();
        foreach (var kustomization in Manifests.All)
        {
            foreach (var pod in (await Manifests.LoadAsync(kustomization)).Pods.Values.Select(pod => pod.Spec))
            {
                var container = pod.Containers.Single();
                Assert.All(container.EnvFrom ?? [], source => Assert.Equal(shared.Of<V1ConfigMap>().Single().Metadata.Name, source.ConfigMapRef.Name));
                Assert.All(
                    container.Env.Select(variable => variable.ValueFrom?.SecretKeyRef).OfType<V1SecretKeySelector>(),
                    secret => Assert.Equal(("kd-secrets", true), (secret.Name, secret.Key is "service-key" or "cache-password" or "cache-key"))
                );
                Assert.All(
                    (pod.Volumes ?? []).Select(volume => volume.PersistentVolumeClaim).OfType<V1PersistentVolumeClaimVolumeSource>(),
                    claim => Assert.Contains(claim.ClaimName, claims)
                );
            }
        }
    }

    [Theory]
    [MemberData(nameof(Jobs))]
    public async Task Job_EachIndex_HasItsPartAndFailsAtOnceOnAMistakeOfTheUser(string kustomization)
    {
        var job = (await Manifests.LoadAsync(kustomization)).Of<V1Job>().Single();
        var container = job.Spec.Template.Spec.Containers.Single();

        Assert.Equal(("Indexed", "Never"), (job.Spec.CompletionMode, job.Spec.Template.Spec.RestartPolicy));
        if (container.Env.FirstOrDefault(variable => variable.Name == "Run__Shard") is { } shard)
            Assert.Equal($"$(JOB_COMPLETION_INDEX)/{job.Spec.Completions}", shard.Value);
        else
            Assert.Equal("0", job.Spec.SuccessPolicy.Rules.Single().SucceededIndexes);
        // ServiceProgram.UsageError.
        var rule = job.Spec.PodFailurePolicy.Rules.Single(rule => rule.Action == "FailJob");
        Assert.Equal((container.Name, 2), (rule.OnExitCodes.ContainerName, rule.OnExitCodes.Values.Single()));
    }

    private static void AssertIsService(List<V1Service> services, string host, int port) =>
        Assert.Contains(services, service => service.Metadata.Name == host && service.Spec.Ports.Any(one => one.Port == port));
}
