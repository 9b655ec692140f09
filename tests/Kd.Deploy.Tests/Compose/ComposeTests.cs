using System.Text.RegularExpressions;
using Kd.Deploy.Tests.Images;

namespace Kd.Deploy.Tests.Compose;

public sealed class ComposeTests(ServiceImages images)
{
    private const string Cache = "cache";
    private readonly ComposeFile _file = ComposeFile.Load();

    [Fact]
    public void Environment_EachVariable_IsASettingWithAnAllowedValue()
    {
        var files = _file.Services.Values.SelectMany(service => service.EnvFile).Distinct().SelectMany(ReadSettings);
        var own = _file.Services.Values.SelectMany(service => service.Environment);

        Assert.Equal([], files.Concat(own).Select(variable => KnownVariables.Problem(variable.Key, variable.Value)).OfType<string>());
    }

    [Fact]
    public void Service_EachButTheCache_RunsAProjectsImageWithItsUserAndPorts()
    {
        foreach (var service in _file.Services.Where(one => one.Key != Cache).Select(one => one.Value))
        {
            var image = images.Find(service.Image);
            Assert.Equal(service.Image, $"{image?.Repository}:{image?.Tag}");
            Assert.Equal($"{image!.User}:{image.User}", service.User);
            var ports = service.Expose.Concat(service.Ports.Select(port => port.Split(':')[^1])).Select(port => int.Parse(port, null)).ToList();
            Assert.NotEmpty(ports);
            Assert.Subset(image.BoundPorts.ToHashSet(), ports.ToHashSet());
        }
    }

    [Fact]
    public void Service_Each_IsReadOnlyWithoutCapabilitiesAndReachableOnlyFromThisMachine()
    {
        Assert.All(
            _file.Services.Values,
            service =>
            {
                Assert.Equal((true, "ALL", "no-new-privileges:true"), (service.ReadOnly, service.CapDrop.Single(), service.SecurityOpt.Single()));
                Assert.Contains("/tmp", service.Tmpfs);
                Assert.All(service.Ports, port => Assert.StartsWith("127.0.0.1:", port));
                Assert.All(
                    service.Volumes.Select(volume => volume.Split(':')[0]).Where(name => !name.StartsWith('$')),
                    name => Assert.Contains(name, _file.Volumes.Keys)
                );
            }
        );
    }

    [Fact]
    public void Secrets_Each_HaveNoDefault()
    {
        var values = _file.Services.Values.SelectMany(service => service.Environment.Values.Concat(service.Command)).ToList();
        var secrets = values.SelectMany(value => Regex.Matches(value, @"\$\{((?:SERVICE|CACHE)_[A-Z]+)([^}]*)\}")).ToList();

        Assert.Equal(["CACHE_KEY", "CACHE_PASSWORD", "SERVICE_KEY"], secrets.Select(secret => secret.Groups[1].Value).Distinct().Order());
        // Either an error if it is missing, or the same name a second time.
        Assert.All(secrets, secret => Assert.True(secret.Groups[2].Value is "" || secret.Groups[2].Value.StartsWith(":?", StringComparison.Ordinal)));
        Assert.All(
            secrets.GroupBy(secret => secret.Groups[1].Value),
            group => Assert.Contains(group, secret => secret.Groups[2].Value.Contains("openssl rand", StringComparison.Ordinal))
        );
        Assert.All(
            _file.Services.Values.SelectMany(service => service.Environment).Where(one => one.Key.EndsWith("Key", StringComparison.Ordinal)),
            one => Assert.StartsWith("${", one.Value)
        );
    }

    [Fact]
    public void Addresses_Each_AreServicesOfTheFile()
    {
        var trainer = _file.Services["trainer"].Environment;

        Assert.Equal($"dns:///teacher:{images.Find("kd-aspire/teacher")!.GrpcPort}", trainer["TeacherClient__Address"]);
        Assert.Equal($"http://agent:{images.Find("kd-aspire/agent")!.GrpcPort}", trainer["AgentClient__Address"]);
        Assert.StartsWith("cache:6379,", _file.Services["teacher"].Environment["ConnectionStrings__cache"]);
        Assert.Superset(new HashSet<string> { "teacher", "agent", Cache }, _file.Services.Keys.ToHashSet());
    }

    private static IEnumerable<KeyValuePair<string, string>> ReadSettings(string name) =>
        File.ReadLines(Path.Combine(ComposeFile.Folder, name))
            .Where(line => line.Length > 0 && !line.StartsWith('#'))
            .Select(line => line.Split('=', 2))
            .Select(parts => KeyValuePair.Create(parts[0], parts[1]));
}
