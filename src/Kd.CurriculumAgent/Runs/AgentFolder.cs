using Microsoft.Extensions.Options;

namespace Kd.CurriculumAgent.Runs;

/// <summary>The folder that the agent's state is in.</summary>
internal sealed class AgentFolder
{
    private readonly string _path;

    /// <exception cref="AgentStateException">It cannot be created.</exception>
    public AgentFolder(IOptions<AgentOptions> options)
    {
        var folder = options.Value.StateFolder;
        _path =
            folder.Length > 0
                ? Path.GetFullPath(folder)
                : Path.Combine(System.Environment.GetFolderPath(System.Environment.SpecialFolder.LocalApplicationData), "kd-aspire", "agent");
        try
        {
            Directory.CreateDirectory(Path.Combine(_path, "policies"));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new AgentStateException($"Agent:StateFolder '{_path}' cannot be created: {error.Message}", error);
        }
    }

    /// <summary>Path of a file in it.</summary>
    public string File(string name) => Path.Combine(_path, name);
}
