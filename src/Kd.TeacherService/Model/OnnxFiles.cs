using System.IO.Hashing;
using Google.Protobuf;
using Kd.TeacherService.Model.OnnxParts;

namespace Kd.TeacherService.Model;

/// <summary>The files of an ONNX model: the model itself, and those beside it that hold weights (external data).</summary>
internal sealed class OnnxFiles
{
    private const string Location = "location";
    private readonly string[] _paths;

    private OnnxFiles(string path, ModelProto model)
    {
        // Not Sum, which throws on overflow: a damaged file may have any sizes.
        Parameters = model.Graph?.Initializer.Aggregate(0L, (sum, tensor) => sum + tensor.Dims.Aggregate(1L, (count, size) => count * size)) ?? 0;
        var locations = TensorsOf(model)
            .SelectMany(tensor => tensor.ExternalData)
            .Where(entry => entry.Key == Location)
            .Select(entry => entry.Value)
            .Distinct()
            .Order(StringComparer.Ordinal);
        _paths = [path, .. locations.Select(location => Locate(path, location))];
    }

    /// <summary>Number of the model's weights and other stored values.</summary>
    public long Parameters { get; }

    /// <summary>Reads which files belong to a model.</summary>
    /// <exception cref="TeacherException">The model is missing or no ONNX, or a file that it names is missing or outside its folder.</exception>
    public static OnnxFiles Read(string path)
    {
        if (!File.Exists(path))
            throw new TeacherException($"Teacher:Weights '{path}' is not a file. Expected an ONNX file.");
        try
        {
            using var content = File.OpenRead(path);
            return new OnnxFiles(path, ModelProto.Parser.WithDiscardUnknownFields(true).ParseFrom(content));
        }
        catch (InvalidProtocolBufferException error)
        {
            throw new TeacherException($"Teacher:Weights '{path}' is not an ONNX file: {error.Message}");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new TeacherException($"Teacher:Weights '{path}' cannot be read: {error.Message}");
        }
    }

    /// <summary>Computes a hash of all files.</summary>
    /// <exception cref="TeacherException">A file cannot be read.</exception>
    public byte[] Hash()
    {
        var hash = new XxHash128();
        foreach (var path in _paths)
        {
            try
            {
                using var content = File.OpenRead(path);
                hash.Append(content);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                throw new TeacherException($"'{path}', which belongs to Teacher:Weights, cannot be read: {error.Message}");
            }
        }

        return hash.GetCurrentHash();
    }

    private static IEnumerable<TensorProto> TensorsOf(ModelProto model) =>
        TensorsOf(model.Graph)
            .Concat(model.TrainingInfo.SelectMany(info => TensorsOf(info.Initialization).Concat(TensorsOf(info.Algorithm))))
            .Concat(model.Functions.SelectMany(function => TensorsOf(function.Node).Concat(TensorsOf(function.AttributeProto))));

    private static IEnumerable<TensorProto> TensorsOf(GraphProto? graph) =>
        graph is null ? [] : graph.Initializer.Concat(graph.SparseInitializer.SelectMany(TensorsOf)).Concat(TensorsOf(graph.Node));

    private static IEnumerable<TensorProto> TensorsOf(IEnumerable<NodeProto> nodes) => nodes.SelectMany(node => TensorsOf(node.Attribute));

    private static IEnumerable<TensorProto> TensorsOf(IEnumerable<AttributeProto> attributes) =>
        attributes.SelectMany(attribute =>
            attribute
                .Tensors.Append(attribute.T)
                .Concat(attribute.SparseTensors.Append(attribute.SparseTensor).SelectMany(TensorsOf))
                .Concat(attribute.Graphs.Append(attribute.G).SelectMany(TensorsOf))
                .OfType<TensorProto>()
        );

    private static IEnumerable<TensorProto> TensorsOf(SparseTensorProto? sparse) => new[] { sparse?.Values, sparse?.Indices }.OfType<TensorProto>();

    // A model may not make the service read what its author chooses.
    private static string Locate(string path, string location)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var file = location.Contains('\0', StringComparison.Ordinal) ? "" : Path.GetFullPath(Path.Combine(folder, location));
        if (!file.StartsWith(Path.TrimEndingDirectorySeparator(folder) + Path.DirectorySeparatorChar, StringComparison.Ordinal))
            throw new TeacherException($"'{path}' names '{location}' as a file of weights, which is outside its folder. Such a model is not served.");
        return File.Exists(file) ? file : throw new TeacherException($"'{path}' needs the file '{location}' with its weights beside it. Copy it there, too.");
    }
}
