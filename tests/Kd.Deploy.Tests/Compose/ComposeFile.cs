using Kd.Tests;
using YamlDotNet.Core;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace Kd.Deploy.Tests.Compose;

/// <summary>The parts of a Compose file that are used here; any other is an error.</summary>
public sealed class ComposeFile
{
    public string Name { get; set; } = "";

    [YamlMember(Alias = "x-service", ApplyNamingConventions = false)]
    public ComposeService Common { get; set; } = new();

    public Dictionary<string, ComposeService> Services { get; set; } = [];
    public Dictionary<string, Dictionary<string, string>> Volumes { get; set; } = [];

    /// <summary>Folder of the file.</summary>
    public static string Folder { get; } = Path.Combine(TestFiles.RepositoryRoot, "deploy", "compose");

    /// <summary>Reads deploy/compose/compose.yaml.</summary>
    public static ComposeFile Load() =>
        new DeserializerBuilder()
            .WithNamingConvention(UnderscoredNamingConvention.Instance)
            .Build()
            .Deserialize<ComposeFile>(new MergingParser(new Parser(new StringReader(File.ReadAllText(Path.Combine(Folder, "compose.yaml"))))));
}

public sealed class ComposeService
{
    public string Image { get; set; } = "";
    public string User { get; set; } = "";
    public bool ReadOnly { get; set; }
    public List<string> Tmpfs { get; set; } = [];
    public List<string> CapDrop { get; set; } = [];
    public List<string> SecurityOpt { get; set; } = [];
    public string Restart { get; set; } = "";
    public List<string> Command { get; set; } = [];
    public List<string> EnvFile { get; set; } = [];
    public Dictionary<string, string> Environment { get; set; } = [];
    public string StopGracePeriod { get; set; } = "";
    public List<string> Expose { get; set; } = [];
    public List<string> Ports { get; set; } = [];
    public List<string> Volumes { get; set; } = [];
    public ComposeDeploy Deploy { get; set; } = new();
}

public sealed class ComposeDeploy
{
    public int Replicas { get; set; } = 1;
    public Dictionary<string, Dictionary<string, string>> Resources { get; set; } = [];
}
