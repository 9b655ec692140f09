using System.ComponentModel.DataAnnotations;

namespace Kd.CurriculumAgent.Runs;

/// <summary>The agent's own settings: the section <c>Agent</c>.</summary>
internal sealed class AgentOptions
{
    public const string Section = "Agent";

    /// <summary>Folder of the runs' journals; empty (default) takes kd-aspire/agent in the user's local application data.</summary>
    public string StateFolder { get; set; } = "";

    /// <summary>Epochs between updates of the policy. Default 5; allowed 1 to 1000.</summary>
    [Range(1, 1000)]
    public int UpdateEvery { get; set; } = 5;
}
