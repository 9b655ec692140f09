using k8s.Models;

namespace Kd.Deploy.Tests.Kubernetes;

public sealed class StrictLoadTests
{
    public static TheoryData<string> Kustomizations => new(Manifests.All);

    [Theory]
    [MemberData(nameof(Kustomizations))]
    public async Task Load_EachKustomization_IsInTheNamespaceAndHasNoSecret(string kustomization)
    {
        var manifests = await Manifests.LoadAsync(kustomization);

        Assert.NotEmpty(manifests.Pods);
        Assert.All(
            manifests.Objects.OfType<IMetadata<V1ObjectMeta>>().Where(one => one is not V1Namespace),
            one => Assert.Equal("kd", one.Metadata.NamespaceProperty)
        );
        // A key that is in a repository is no key.
        Assert.Empty(manifests.Of<V1Secret>());
    }

    [Theory]
    [InlineData("readOnlyRootFilesystem:", "readOnlyRootFileSystem:")]
    [InlineData("terminationGracePeriodSeconds:", "terminationGracePeriod:")]
    [InlineData("cooldownPeriod:", "coolDownPeriod:")]
    public async Task Load_MisspelledField_Fails(string field, string misspelled)
    {
        var yaml = await Manifests.RenderAsync("overlays/keda");
        Assert.Contains(field, yaml);

        Assert.ThrowsAny<Exception>(() => Manifests.Load(yaml.Replace(field, misspelled, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Render_KedaOverlay_LeavesTheReplicasToKeda()
    {
        var manifests = await Manifests.LoadAsync("overlays/keda");

        Assert.Null(manifests.Of<V1Deployment>().Single(one => one.Metadata.Name == "teacher").Spec.Replicas);
        Assert.Equal("teacher", manifests.Of<ScaledObject>().Single().Spec.ScaleTargetRef.Name);
    }

    [Fact]
    public async Task Render_GpuOverlay_HasTheCudaImageAndOneGpu()
    {
        var manifests = await Manifests.LoadAsync("overlays/gpu");

        var teacher = manifests.Pods["teacher"].Spec.Containers.Single();
        Assert.Equal(("kd-aspire/teacher:1.0.0-cuda", "1"), (teacher.Image, teacher.Resources.Limits["nvidia.com/gpu"].ToString()));
        // A patch of a list could replace it.
        Assert.Contains(teacher.Env, variable => variable.Name == "Service__Key");
    }
}
