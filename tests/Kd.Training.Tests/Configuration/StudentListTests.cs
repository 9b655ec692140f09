using Kd.Training.Configuration;

namespace Kd.Training.Tests.Configuration;

public sealed class StudentListTests
{
    [Fact]
    public void TryParse_NamesAndWidths_AreNetworksWithNamesForFolders()
    {
        Assert.Equal(
            [("mobilenet_v2-x0.25", "mobilenet_v2", 0.25), ("mobilenet_v2", "mobilenet_v2", 1), ("resnet18", "resnet18", 1)],
            StudentList.TryParse("mobilenet_v2:0.25, mobilenet_v2:1,resnet18")!
        );
    }

    [Theory]
    [InlineData("")]
    [InlineData("mobilenet_v2")]
    [InlineData("mobilenet_v2,mobilenet_v2:1")]
    [InlineData("mobilenet_v2,resnet19")]
    [InlineData("mobilenet_v2,resnet18:0.5")]
    [InlineData("mobilenet_v2,mobilenet_v2:half")]
    [InlineData("mobilenet_v2,mobilenet_v2:NaN")]
    [InlineData("mobilenet_v2,mobilenet_v2:9")]
    [InlineData("mobilenet_v2,mobilenet_v2:0.5:1")]
    [InlineData("mobilenet_v2,")]
    public void TryParse_AnythingElse_IsNone(string text) => Assert.Null(StudentList.TryParse(text));
}
