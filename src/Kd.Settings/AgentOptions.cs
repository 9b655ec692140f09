using System.ComponentModel.DataAnnotations;

namespace Kd.Settings;

/// <summary>Options of the curriculum agent: the section <c>Agent</c>.</summary>
public sealed class AgentOptions
{
    public const string Section = "Agent";

    [Setting(
        "Folder of the runs' journals; empty: kd-aspire/agent in the user's local application data. The AppHost sets it to agent in Run:Folder.",
        IsPath = true
    )]
    public string StateFolder { get; set; } = "";

    [Setting("Epochs between updates of the policy.")]
    [Range(1, 1000)]
    public int UpdateEvery { get; set; } = 5;
}
