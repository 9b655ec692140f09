using System.Security.Cryptography;
using Kd.Tests;

namespace Kd.Faults;

/// <summary>The machine loses its power at random moments: all processes end at once, and what has not been flushed to the disk is lost.</summary>
[Collection(nameof(OneSystem))]
public sealed class PowerFaults(Reference reference)
{
    [Theory(Explicit = true)]
    [InlineData("all that is not flushed", 10)]
    [InlineData("some of it", 10)]
    public async Task Power_LostAtRandomMoments_LosesNoCheckpointAndGivesTheSameWeights(string lost, int failures)
    {
        using var folder = TestFiles.CreateFolder();
        var compared = 0;
        for (var failure = 0; failure < failures; failure++)
        {
            var random = Reference.Draw("trainer", failure);
            using var disk = await LossyDisk.MountAsync(folder.File("system"), lost == "some of it" ? failure + 1 : 0);
            using (FaultySystem.Start(disk.Path))
                await Task.Delay(4000 + random.NextInt32(10_000), TestContext.Current.CancellationToken);
            var before = Checkpoints(disk.Path);
            disk.PowerOff();
            // With two, the older one was saved altogether, however far the newer one had come.
            if (before.Count < 2)
                continue;
            Assert.True(Checkpoints(disk.Path + ".disk").Overlaps(before), $"failure {failure} lost both checkpoints");
            compared++;
        }

        Assert.True(compared > 0, "no failure came after a checkpoint");
        using var last = await LossyDisk.MountAsync(folder.File("system"), seed: 0);
        using var system = FaultySystem.Start(last.Path);
        await system.WaitForEndAsync();
        Assert.Equal(reference.Result, system.Result());
    }

    private static HashSet<string> Checkpoints(string folder) =>
        [
            .. new[] { "checkpoint.safetensors", "checkpoint.previous.safetensors" }
                .Select(name => Path.Combine(folder, "run", name))
                .Where(File.Exists)
                .Select(path => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(path)))),
        ];
}
