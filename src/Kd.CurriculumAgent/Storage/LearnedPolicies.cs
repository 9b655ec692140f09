using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text.Json;
using Kd.Core.Files;
using Kd.CurriculumAgent.Decisions;
using Kd.CurriculumAgent.Policies;

namespace Kd.CurriculumAgent.Storage;

/// <summary>Stores learned policies as files with weights, origin and checksum.</summary>
/// <param name="folder">The agent's folder.</param>
internal sealed class LearnedPolicies(AgentFolder folder)
{
    private const int Current = 1;
    private static readonly JsonSerializerOptions s_json = new() { WriteIndented = true };

    /// <summary>Returns the checksum of a policy's weights, or null where there is no policy of that name.</summary>
    /// <exception cref="AgentStateException">Its file is damaged.</exception>
    public string? FindChecksum(string name) => Read(name)?.Sum;

    /// <summary>Loads the network of a specification.</summary>
    /// <exception cref="AgentStateException">Its file is missing, or holds other weights than those that the run started from.</exception>
    public ActorCritic Open(PolicySpecification specification)
    {
        var file = Read(specification.Learnt!) ?? throw new AgentStateException($"The learned policy '{PathOf(specification.Learnt!)}' is missing.");
        if (file.Sum != specification.LearntChecksum)
            throw new AgentStateException($"The learned policy '{PathOf(specification.Learnt!)}' holds other weights than those that the run started from.");
        return ToNetwork(file);
    }

    /// <summary>Saves a network.</summary>
    /// <param name="name">Name of the policy.</param>
    /// <param name="network">The network.</param>
    /// <param name="origin">Describes how it was trained.</param>
    public void Save<T>(string name, ActorCritic network, T origin)
    {
        var weights = network.Layers.Select(layer => new LayerWeights(layer.Inputs, layer.Outputs, ToBytes(layer.Weight), ToBytes(layer.Bias))).ToList();
        AtomicFile.Write(
            PathOf(name),
            file => JsonSerializer.Serialize(file, new PolicyFile(Current, weights, JsonSerializer.SerializeToElement(origin), Checksum(weights)), s_json)
        );
    }

    /// <summary>Returns the origin of a policy, or null where there is no policy of that name.</summary>
    /// <exception cref="AgentStateException">Its file is damaged.</exception>
    public T? FindOrigin<T>(string name)
        where T : class => Read(name)?.Origin.Deserialize<T>();

    private PolicyFile? Read(string name)
    {
        var path = PathOf(name);
        if (!File.Exists(path))
            return null;
        try
        {
            var file = JsonSerializer.Deserialize<PolicyFile>(File.ReadAllText(path));
            if (file is { Version: Current } && file.Sum == Checksum(file.Layers))
                return file;
            throw new AgentStateException(
                $"The learned policy '{path}' is "
                    + (file?.Version is Current ? "damaged: its checksum is wrong" : $"of version {file?.Version}, known is {Current}")
                    + "; move it away and learn it again."
            );
        }
        catch (JsonException error)
        {
            throw new AgentStateException($"The learned policy '{path}' is damaged ({error.Message}); move it away and learn it again.", error);
        }
    }

    private static ActorCritic ToNetwork(PolicyFile file)
    {
        var next = 0;
        return ActorCritic.Create(layer =>
        {
            var saved = file.Layers[next++];
            if ((saved.Inputs, saved.Outputs) != (layer.Inputs, layer.Outputs))
                throw new AgentStateException(
                    $"A learned policy has a layer of {saved.Inputs} to {saved.Outputs}, expected {layer.Inputs} to {layer.Outputs}."
                );
            MemoryMarshal.Cast<byte, double>(saved.Weight).CopyTo(layer.Weight);
            MemoryMarshal.Cast<byte, double>(saved.Bias).CopyTo(layer.Bias);
        });
    }

    private static byte[] ToBytes(double[] values) => MemoryMarshal.AsBytes(values.AsSpan()).ToArray();

    private static string Checksum(IEnumerable<LayerWeights> layers)
    {
        var hash = new XxHash128();
        foreach (var layer in layers)
        {
            hash.Append(layer.Weight);
            hash.Append(layer.Bias);
        }

        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }

    private string PathOf(string name) => folder.File(Path.Combine("policies", name + ".json"));

    private sealed record PolicyFile(int Version, IReadOnlyList<LayerWeights> Layers, JsonElement Origin, string Sum);

    private sealed record LayerWeights(int Inputs, int Outputs, byte[] Weight, byte[] Bias);
}
