using Kd.Training.Teaching;

namespace Kd.Training.Tests.Teaching;

public sealed class ClassOrderTests
{
    [Fact]
    public void Apply_OtherOrder_MapsByName()
    {
        var order = ClassOrder.Find(["cat", "dog", "eel"], ["eel", "cat", "dog"])!;

        Assert.Equal(
            [
                [3f, 1, 2],
                [6f, 4, 5],
            ],
            order.Apply([
                [1, 2, 3],
                [4, 5, 6],
            ])
        );
    }

    [Fact]
    public void Apply_SameOrder_LeavesTheRows()
    {
        float[][] rows =
        [
            [1, 2],
        ];

        Assert.Same(rows, ClassOrder.Find(["cat", "dog"], ["cat", "dog"])!.Apply(rows));
    }

    [Theory]
    [InlineData("cat,dog")]
    [InlineData("cat,dog,eel,fox")]
    [InlineData("cat,dog,fox")]
    [InlineData("cat,dog,dog")]
    [InlineData("cat,dog,Eel")]
    public void Find_OtherNames_GivesNull(string served) => Assert.Null(ClassOrder.Find(served.Split(','), ["eel", "cat", "dog"]));
}
