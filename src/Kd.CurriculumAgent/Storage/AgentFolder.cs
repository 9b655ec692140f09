using Kd.Core.Files;
using Kd.Settings;
using Microsoft.Extensions.Options;

namespace Kd.CurriculumAgent.Storage;

/// <summary>The folder of the agent's state.</summary>
internal sealed class AgentFolder
{
    private readonly string _path;

    /// <summary>Creates the folder if it does not exist.</summary>
    /// <exception cref="AgentStateException">It cannot be created.</exception>
    public AgentFolder(IOptions<AgentOptions> options)
    {
        var folder = options.Value.StateFolder;
        _path =
            folder.Length > 0
                ? Path.GetFullPath(folder)
                : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData), "kd-aspire", "agent");
        try
        {
            PrivateFolder.Create(_path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new AgentStateException($"Agent:StateFolder '{_path}' cannot be created: {error.Message}", error);
        }
    }

    /// <summary>Returns the path of a file in the folder.</summary>
    public string File(string name) => Path.Combine(_path, name);
}
