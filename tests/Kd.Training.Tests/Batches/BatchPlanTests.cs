using FsCheck;
using FsCheck.Fluent;
using Kd.Training.Batches;

namespace Kd.Training.Tests.Batches;

public sealed class BatchPlanTests
{
    [Fact]
    public void Cut_AnySamples_KeepsThemInOrderAndLeavesNoneAlone()
    {
        var cases = from samples in Gen.Choose(2, 300) from size in Gen.Choose(2, 64) select (samples, size);
        Prop.ForAll(
                cases.ToArbitrary(),
                test =>
                {
                    var batches = BatchPlan.Cut([.. Enumerable.Range(0, test.samples)], test.size);
                    return batches.SelectMany(batch => batch).SequenceEqual(Enumerable.Range(0, test.samples))
                        && batches.All(batch => batch.Length > 1 && batch.Length <= test.size + 1);
                }
            )
            .Check(Config.QuickThrowOnFailure);
    }
}
