using Kd.ServiceDefaults.Connections;
using Kd.Tests;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.ServiceDiscovery;

namespace Kd.ServiceDefaults.Tests.Connections;

public sealed class ServiceAddressesTests
{
    [Theory]
    [InlineData("http://127.0.0.1:8081", "http://127.0.0.1:8081")]
    [InlineData("http://teacher.local:8081; http://127.0.0.1:8082;http://127.0.0.1:8082", "http://teacher.local:8081 http://127.0.0.1:8082")]
    [InlineData("dns:///127.0.0.3:8081", "http://127.0.0.3:8081")]
    [InlineData("dns:///127.0.0.3:80;dns:///127.0.0.4:8081", "http://127.0.0.3 http://127.0.0.4:8081")]
    public async Task Resolve_Setting_GivesItsAddresses(string setting, string expected)
    {
        var addresses = await Create(setting).ResolveAsync(TestContext.Current.CancellationToken);

        Assert.Equal(expected.Split(' ').Select(address => new Uri(address)), addresses);
    }

    [Fact]
    public async Task Resolve_NameWithoutAddress_SaysSoAndGivesNone()
    {
        var addresses = Create("dns:///teacher.invalid:8081");

        Assert.Empty(await addresses.ResolveAsync(TestContext.Current.CancellationToken));
        Assert.Contains("dns:///teacher.invalid:8081 gives no address", addresses.Problem);
    }

    [Theory]
    [InlineData("")]
    [InlineData("teacher:8081")]
    [InlineData("dns:///teacher")]
    [InlineData("dns://teacher:8081")]
    [InlineData("dns:///:8081")]
    [InlineData("http://127.0.0.1:8081;ftp://127.0.0.1:8081")]
    public void Create_SettingThatIsNoAddress_Throws(string setting) =>
        Assert.Contains("Expected http://HOST:PORT", Assert.Throws<ArgumentException>(() => Create(setting)).Message);

    [Theory]
    [InlineData("")]
    [InlineData("http://127.0.0.1:8082\nteacher:8083")]
    [InlineData("dns:///localhost:8083")]
    public async Task Resolve_ListIsDamaged_KeepsTheLastOneAndNamesTheFile(string damaged)
    {
        using var folder = TestFiles.CreateFolder();
        var list = folder.File("teachers");
        await File.WriteAllTextAsync(list, "http://127.0.0.1:8081", TestContext.Current.CancellationToken);
        var addresses = Create(new Uri(list).ToString());
        await addresses.ResolveAsync(TestContext.Current.CancellationToken);

        await File.WriteAllTextAsync(list, damaged, TestContext.Current.CancellationToken);

        Assert.Equal([new Uri("http://127.0.0.1:8081")], await addresses.ResolveAsync(TestContext.Current.CancellationToken));
        Assert.Contains(list, addresses.Problem);
    }

    private static ServiceAddresses Create(string setting)
    {
        var services = new ServiceCollection().AddSingleton<IConfiguration>(new ConfigurationManager()).AddServiceDiscovery();
        return new ServiceAddresses(setting, services.BuildServiceProvider().GetRequiredService<ServiceEndpointResolver>(), NullLogger.Instance);
    }
}
