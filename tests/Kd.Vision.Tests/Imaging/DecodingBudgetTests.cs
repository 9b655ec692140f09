using Kd.Vision.Imaging;

namespace Kd.Vision.Tests.Imaging;

public sealed class DecodingBudgetTests
{
    [Fact]
    public async Task Take_MoreThanTheLimitAtOnce_WaitsForItsTurn()
    {
        var budget = new DecodingBudget(100);
        var first = budget.Take(60);
        using var small = budget.Take(40);
        var waiting = Task.Run(() => budget.Take(50).Dispose(), TestContext.Current.CancellationToken);
        Assert.NotSame(waiting, await Task.WhenAny(waiting, Task.Delay(100, TestContext.Current.CancellationToken)));
        first.Dispose();
        await waiting.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    [Fact]
    public void Take_OnePictureAboveTheLimit_IsLetInAlone()
    {
        var budget = new DecodingBudget(100);
        for (var i = 0; i < 3; i++)
            budget.Take(1000).Dispose();
    }
}
