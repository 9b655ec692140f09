extern alias agent;
extern alias teacher;
using agent::Kd.CurriculumAgent.Decisions;
using agent::Kd.CurriculumAgent.Storage;
using Google.Protobuf;
using Kd.Vision.Views;
using teacher::Kd.TeacherService.Cache;
using teacher::Kd.TeacherService.Model;
using teacher::Kd.TeacherService.Model.OnnxParts;

namespace Kd.Fuzz.Targets;

/// <summary>What teacher and agent keep.</summary>
internal static class ServiceTargets
{
    private const int Classes = 10;
    private static readonly ViewId s_view = new(7);

    public static FuzzTarget CacheEntry { get; } =
        new("cache-entry", _ => [.. Codecs().Select(codec => codec.Encode(s_view, new Half[Classes]))], _ => ReadEntry);

    // What the service reads itself; ONNX Runtime reads the rest.
    public static FuzzTarget Onnx { get; } = new("onnx", _ => [OnnxSeed()], ReadOnnx);

    public static FuzzTarget Journal { get; } = new("journal", JournalSeeds, ReadJournal);

    private static LogitsCodec[] Codecs() => [new("0123", Classes), new("0123", Classes, topK: 2), new("0123", Classes, secret: "a secret of sixteen letters")];

    private static void ReadEntry(byte[] input)
    {
        foreach (var codec in Codecs())
        {
            codec.Decode(s_view, input);
            if (input.Length != codec.EntrySize)
                continue;
            // With a valid checksum, so that the payload is read too.
            byte[] entry = [.. input];
            codec.Seal(s_view, entry);
            codec.Decode(s_view, entry);
        }
    }

    private static byte[] OnnxSeed()
    {
        var stored = new TensorProto { Dims = { 2, 3 } };
        var external = new TensorProto
        {
            Dims = { 5 },
            ExternalData =
            {
                new StringStringEntryProto { Key = "location", Value = "model" },
            },
        };
        var inner = new GraphProto { Initializer = { external }, SparseInitializer = { new SparseTensorProto { Values = stored } } };
        var node = new NodeProto
        {
            Attribute =
            {
                new AttributeProto
                {
                    G = inner,
                    T = stored,
                    Tensors = { external },
                },
            },
        };
        var function = new FunctionProto { Node = { node }, AttributeProto = { node.Attribute } };
        return new ModelProto
        {
            Graph = new GraphProto { Initializer = { stored }, Node = { node } },
            Functions = { function },
        }.ToByteArray();
    }

    private static Action<byte[]> ReadOnnx(string folder)
    {
        var path = Path.Combine(folder, "model");
        return input =>
        {
            File.WriteAllBytes(path, input);
            OnnxFiles.Read(path).Hash();
        };
    }

    private static byte[][] JournalSeeds(string folder)
    {
        var journal = new Journal(Path.Combine(folder, "run.jsonl"));
        journal.Append(
            new RunSettings
            {
                RunId = "run",
                Epochs = 3,
                InitialTemperature = 4,
                Strategy = 1,
                EpochRatio = 0.7,
                Seed = 5,
                UpdateEvery = 3,
            },
            null
        );
        journal.Append(null, new EpochResult(40, 2.5, 0.4));
        return [File.ReadAllBytes(journal.Path)];
    }

    private static Action<byte[]> ReadJournal(string folder)
    {
        var journal = new Journal(Path.Combine(folder, "run.jsonl"));
        return input =>
        {
            File.WriteAllBytes(journal.Path, input);
            journal.Read();
        };
    }
}
