using System.Text.Json;
using k8s.Models;
using Kd.Deploy.Tests.Images;
using Kd.Deploy.Tests.Kubernetes;
using Kd.Tests;

namespace Kd.Deploy.Tests.Running;

/// <summary>Runs the manifests, without a cluster.</summary>
public sealed class ManifestsRunTests(ServiceImages images)
{
    // A study of seconds.
    private static readonly Dictionary<string, string> s_small = new()
    {
        ["Dataset__DemoTrainPerClass"] = "4",
        ["Dataset__DemoValidationPerClass"] = "2",
        ["Student__Width"] = "0.1",
        ["Student__Form"] = "Standard",
        ["Training__Epochs"] = "2",
        ["Training__BatchSize"] = "16",
    };

    [Fact]
    public async Task Start_OverlayAndStudyJob_PassTheirProbesAndEndWithTheTable()
    {
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        Assert.SkipUnless(path.Any(one => File.Exists(Path.Combine(one, "redis-server"))), "needs redis-server (apt-get install redis-server)");
        var (overlay, job) = (await Manifests.LoadAsync("overlays/cpu"), (await Manifests.LoadAsync("jobs/study")).Of<V1Job>().Single());
        using var folder = TestFiles.CreateFolder();
        using var network = HostNetwork.Create(Node.Domain);
        using var node = new Node(images, network, folder.Path);
        Directory.CreateDirectory(folder.File("data"));
        File.Copy(Path.Combine(TestFiles.RepositoryRoot, "models", "demo-teacher.safetensors"), Path.Combine(folder.File("data"), "demo-teacher.safetensors"));
        node.Apply(overlay, s_small);

        node.Start(overlay.Pods["cache"]);
        var teachers = overlay.Of<V1Deployment>().Single(one => one.Metadata.Name == "teacher").Spec.Replicas!.Value;
        for (var replica = 0; replica < teachers; replica++)
            node.Start(overlay.Pods["teacher"]);
        node.Start(overlay.Pods["agent"]);
        node.Start(overlay.Pods["trainer"]);
        foreach (var pod in node.Pods)
            await node.WaitUntilReadyAsync(pod);
        var study = Enumerable.Range(0, job.Spec.Parallelism!.Value).Select(index => node.Start(job.Spec.Template, index)).ToList();
        await node.WaitUntilReadyAsync(study[1]);
        // KEDA's question, to the pod's own address.
        using var scale = JsonDocument.Parse(await study[1].GetAsync("/scale"));
        Assert.True(scale.RootElement.GetProperty("waitingViews").GetDouble() >= 0);

        Assert.True(await study[0].EndAsync() == 0, string.Join("\n----\n", study.Select(pod => pod.Output)));
        // The job has succeeded, so that Kubernetes ends the others.
        foreach (var worker in study.Skip(1))
        {
            worker.Terminate();
            await worker.EndAsync();
        }

        var table = await File.ReadAllTextAsync(Path.Combine(folder.File("runs"), "study", "study.md"), TestContext.Current.CancellationToken);
        Assert.All(new[] { "teacher", "labels", "mixed", "kd", "kd-curriculum" }, method => Assert.Matches($@"(?m)^\| `?{method}`? ", table));
        // Both teachers had work.
        foreach (var pod in node.Pods.Where(pod => pod.Template == overlay.Pods["teacher"]))
            Assert.Matches("(?m)^kd_teacher_images_computed[a-z_]*({[^}]*})? [1-9]", await pod.GetAsync("/metrics"));
    }
}
