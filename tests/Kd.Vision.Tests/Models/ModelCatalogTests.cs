using System.IO.Hashing;
using Kd.Vision.Checkpoints;
using Kd.Vision.Models;
using Kd.Vision.Tests.Runtime;

namespace Kd.Vision.Tests.Models;

[Collection(nameof(GlobalGenerator))]
public sealed class ModelCatalogTests
{
    // Services in one process load their networks at the same time; each must get the numbers of its own seed.
    [Fact]
    public async Task Create_ManyAtOnce_GivesEachTheWeightsOfItsSeed()
    {
        const int seeds = 2,
            times = 8;
        var alone = Enumerable.Range(0, seeds).Select(seed => Hash(seed)).ToArray();
        Assert.NotEqual(alone[0], alone[1]);

        var together = await Task.WhenAll(
            Enumerable
                .Range(0, seeds * times)
                .Select(index =>
                    Task.Factory.StartNew(
                        () => Hash(index % seeds),
                        TestContext.Current.CancellationToken,
                        TaskCreationOptions.LongRunning,
                        TaskScheduler.Default
                    )
                )
        );

        Assert.Equal(Enumerable.Range(0, seeds * times).Select(index => alone[index % seeds]), together);
    }

    private static ulong Hash(long seed)
    {
        using var network = ModelCatalog.Create("cifar-resnet20", 10, seed);
        var hash = new XxHash64();
        foreach (var (_, data) in ModuleState.Save(network).OrderBy(entry => entry.Key, StringComparer.Ordinal))
            hash.Append(data.Bytes.Span);
        return hash.GetCurrentHashAsUInt64();
    }
}
