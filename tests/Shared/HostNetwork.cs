using System.Diagnostics;
using System.Globalization;
using System.Net;

namespace Kd.Tests;

/// <summary>Hosts with addresses of their own on one switch: network namespaces, virtual links and a bridge, with a DNS server.</summary>
/// <remarks>Needs root and iproute2.</remarks>
internal sealed class HostNetwork : IDisposable
{
    private readonly string _id = string.Create(CultureInfo.InvariantCulture, $"kd{Environment.ProcessId}");
    private readonly List<string> _namespaces = [];
    private readonly string _domain;

    private HostNetwork(string domain) => _domain = domain;

    /// <summary>The hosts' DNS server.</summary>
    public NameServer Names { get; private set; } = null!;

    /// <summary>Creates the switch; skips the test with a reason where that is not possible.</summary>
    /// <param name="domain">Domain that hosts add to a name, as in a cluster; empty: none.</param>
    public static HostNetwork Create(string domain = "")
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "needs root on Linux, for network namespaces");
        Assert.SkipUnless(File.Exists("/usr/sbin/tc") || File.Exists("/sbin/tc"), "needs ip and tc (Debian: iproute2)");
        var network = new HostNetwork(domain);
        try
        {
            var problem = TryRun("ip", $"link add {network._id} type bridge");
            Assert.SkipWhen(problem.Length > 0, $"needs the right to create networks: {problem}");
            Run("ip", $"addr add {AddressOf(1)}/24 dev {network._id}");
            Run("ip", $"link set {network._id} up");
            network.Names = new NameServer(AddressOf(1));
            return network;
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    /// <summary>Address of a host, in the range for tests of networks (RFC 2544).</summary>
    public static IPAddress AddressOf(int host) => new([198, 18, (byte)Environment.ProcessId, (byte)host]);

    /// <summary>Adds a host.</summary>
    /// <param name="host">The last part of its address, 2 to 254.</param>
    /// <returns>Its network namespace.</returns>
    public string Add(int host)
    {
        var (space, link) = ($"{_id}-{host}", LinkOf(host));
        // ip netns exec shows this file to its programs in the place of /etc/resolv.conf.
        Directory.CreateDirectory($"/etc/netns/{space}");
        var search = _domain.Length > 0 ? $"search {_domain}\noptions ndots:5\n" : "";
        File.WriteAllText($"/etc/netns/{space}/resolv.conf", $"nameserver {AddressOf(1)}\noptions timeout:1\n{search}");
        _namespaces.Add(space);
        Run("ip", $"netns add {space}");
        Run("ip", $"link add {link} type veth peer name eth0 netns {space}");
        Run("ip", $"link set {link} master {_id} up");
        Run("ip", $"-n {space} link set lo up");
        Run("ip", $"-n {space} addr add {AddressOf(host)}/24 dev eth0");
        Run("ip", $"-n {space} link set eth0 up");
        return space;
    }

    /// <summary>Unplugs a host: nothing arrives, and nobody is told.</summary>
    public void Cut(int host) => Run("ip", $"link set {LinkOf(host)} down");

    /// <summary>Plugs it in again.</summary>
    public void Mend(int host) => Run("ip", $"link set {LinkOf(host)} up");

    /// <summary>Limits the rate of what a host receives.</summary>
    public void LimitReceived(int host, string rate) => Run("tc", $"qdisc replace dev {LinkOf(host)} root tbf rate {rate} burst 16kb latency 10s");

    /// <summary>Limits the rate of what a host sends.</summary>
    public void LimitSent(int host, string rate) => Run("ip", $"netns exec {_id}-{host} tc qdisc replace dev eth0 root tbf rate {rate} burst 16kb latency 10s");

    public void Dispose()
    {
        Names?.Dispose();
        // Its links end with it, as soon as its programs have ended.
        foreach (var space in _namespaces)
        {
            TryRun("ip", $"netns del {space}");
            Directory.Delete($"/etc/netns/{space}", recursive: true);
        }

        TryRun("ip", $"link del {_id}");
    }

    private string LinkOf(int host) => $"{_id}-{host}";

    private static void Run(string program, string arguments)
    {
        var problem = TryRun(program, arguments);
        Assert.True(problem.Length == 0, $"{program} {arguments}: {problem}");
    }

    private static string TryRun(string program, string arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? "" : $"{errors.Trim()} (exit code {process.ExitCode})";
    }
}
