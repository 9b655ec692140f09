using System.Globalization;
using System.IO.Hashing;
using System.Text;
using Kd.Vision.Checkpoints;
using Kd.Vision.Datasets;
using Kd.Vision.Models;
using Kd.Vision.Runtime;
using Kd.Vision.Views;
using Microsoft.Extensions.Options;

namespace Kd.TeacherService.Serving;

/// <summary>Builds the teacher that the settings ask for.</summary>
internal sealed class TeacherFactory(IOptions<TeacherOptions> options, IOptions<DatasetOptions> dataset, IConfiguration configuration)
{
    // Names of the last layer's weight in the known networks; its rows are the network's classes.
    private static readonly string[] s_lastLayers = ["fc.weight", "linear.weight", "classifier.1.weight"];

    /// <exception cref="TeacherException">The teacher does not fit the dataset.</exception>
    /// <exception cref="CheckpointException">The weights file cannot be used.</exception>
    public TeacherModel Create()
    {
        var settings = options.Value;
        TorchRuntime.EnsureLoaded();
        if (settings.Threads > 0)
            TorchRuntime.SetThreads(settings.Threads);
        var device = Choose(() => TorchRuntime.ChooseDevice(string.IsNullOrEmpty(settings.Device) ? configuration["Device"] ?? "auto" : settings.Device));
        var datasetClasses = DatasetLoader.ReadClassNames(dataset.Value.Path);
        var checkpoint = settings.Weights == TeacherOptions.RandomWeights ? null : Checkpoint.Read(settings.Weights);
        var names = settings.ClassList is { } list ? ClassMap.ReadList(list) : checkpoint?.ClassNames;
        var outputs = checkpoint is null ? names?.Count ?? datasetClasses.Count : CountOutputs(checkpoint);
        var map = ClassMap.Create(datasetClasses, outputs, names);
        var network = Choose(() => ModelCatalog.Create(settings.Architecture, outputs, settings.Seed));
        if (checkpoint is not null)
            ModuleState.Load(network, checkpoint);
        var parameters = network.parameters().Sum(parameter => parameter.numel());
        var description = new TeacherDescription(Identify(network, settings, map), settings.Architecture, settings.Weights, parameters);
        return new TeacherModel(network, description, map, device, settings.Batch);
    }

    private static T Choose<T>(Func<T> choose)
    {
        try
        {
            return choose();
        }
        catch (ArgumentException error)
        {
            throw new TeacherException(error.Message);
        }
    }

    private static int CountOutputs(Checkpoint checkpoint)
    {
        var last = s_lastLayers.FirstOrDefault(checkpoint.Tensors.ContainsKey)
            ?? throw new CheckpointException(checkpoint.Path, $"it has no last layer: expected one of {string.Join(", ", s_lastLayers)}; it has {string.Join(", ", checkpoint.Tensors.Keys.Take(5))}, ...");
        return checkpoint.Tensors[last].Shape is [> 0 and < int.MaxValue and var rows, ..] ? (int)rows : throw new CheckpointException(checkpoint.Path, $"its last layer {last} has the shape {checkpoint.Tensors[last].ShapeText}");
    }

    // The weights as loaded, not the file: the same weights in another format are the same teacher.
    private static string Identify(TorchSharp.torch.nn.Module network, TeacherOptions settings, ClassMap map)
    {
        var hash = new XxHash128();
        foreach (var (name, tensor) in ModuleState.Save(network).Where(entry => !entry.Key.EndsWith("num_batches_tracked", StringComparison.Ordinal)))
        {
            hash.Append(Encoding.UTF8.GetBytes(name));
            hash.Append(tensor.Bytes.Span);
        }

        var numbers = Normalization.Mean.Concat(Normalization.StandardDeviation).Select(value => value.ToString("R", CultureInfo.InvariantCulture));
        var rest = $"{settings.Architecture}|{TeacherDescription.Precision}|{settings.Batch}|{string.Join(',', numbers)}|{string.Join('\n', map.Classes)}|{string.Join(',', map.Outputs ?? [])}";
        hash.Append(Encoding.UTF8.GetBytes(rest));
        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }
}
