namespace Kd.Deploy.Tests.Images;

public sealed class ServiceImageTests(ServiceImages images)
{
    [Fact]
    public void Image_OfEachService_HasANameANumberedUserAndThePortsThatItBinds()
    {
        Assert.Equal(["kd-aspire/agent", "kd-aspire/teacher", "kd-aspire/trainer"], images.All.Select(image => image.Repository).Order());
        Assert.All(images.All, image => Assert.Equal(("1654", "1.0.0-cpu"), (image.User, image.Tag)));
        Assert.All(images.All, image => Assert.Equal(image.BoundPorts, image.Ports));
        Assert.Equal((8080, 8081, 8082), (images.Find("kd-aspire/teacher")!.HttpPort, images.All[0].GrpcPort, images.All[0].ProbePort));
    }
}
