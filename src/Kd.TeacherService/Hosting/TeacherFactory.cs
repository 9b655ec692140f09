using System.Globalization;
using System.IO.Hashing;
using System.Text;
using Kd.Settings;
using Kd.TeacherService.Model;
using Kd.Vision.Checkpoints;
using Kd.Vision.Datasets;
using Kd.Vision.Runtime;
using Kd.Vision.Views;
using Microsoft.Extensions.Options;

namespace Kd.TeacherService.Hosting;

/// <summary>Creates the configured teacher and checks it.</summary>
internal sealed class TeacherFactory(
    IOptions<TeacherOptions> options,
    IOptions<BatchingOptions> batching,
    IOptions<CacheOptions> cache,
    IOptions<DatasetOptions> dataset,
    LoadNetwork load,
    IConfiguration configuration,
    ILogger<TeacherFactory> logger
)
{
    /// <summary>Loads the network, converts it into its inference form and runs the self-check.</summary>
    /// <exception cref="TeacherException">The teacher does not fit the dataset, or failed its self-check.</exception>
    /// <exception cref="CheckpointException">The weights file cannot be used.</exception>
    public TeacherModel Create()
    {
        var settings = options.Value;
        TorchRuntime.EnsureLoaded();
        if (settings.Threads > 0)
            TorchRuntime.SetThreads(settings.Threads);
        var device = ChooseDevice(string.IsNullOrEmpty(settings.Device) ? configuration["Device"] ?? "auto" : settings.Device);
        var datasetClasses = DatasetLoader.ReadClassNames(dataset.Value.Path);
        var loaded = load(settings, datasetClasses.Count);
        var map = ClassMap.Create(datasetClasses, loaded.Outputs, loaded.Names);
        loaded.Module.eval();
        var size = NetworkLoader.InputSize(settings);
        var parameters = loaded.Module.parameters().Sum(parameter => parameter.numel());
        var precision = settings.Precision.ToString().ToLowerInvariant();
        var description = new TeacherDescription(Identify(loaded, map), settings.Architecture, settings.Weights, precision, parameters, size);
        var check = SelfCheck.Prepare(loaded.Network, size);
        var model = new TeacherModel(loaded, description, map, device, settings.Precision, batching.Value.MaxBatch);
        var (difference, firstPass) = check.Run(model, settings.Precision);
        logger.SelfCheckPassed(precision, difference);
        model.FirstPass = firstPass;
        return model;
    }

    private static TorchSharp.torch.Device ChooseDevice(string name)
    {
        try
        {
            return TorchRuntime.ChooseDevice(name);
        }
        catch (ArgumentException error)
        {
            throw new TeacherException(error.Message);
        }
    }

    private string Identify(LoadedNetwork loaded, ClassMap map)
    {
        var hash = new XxHash128();
        hash.Append(loaded.Hash);
        var normalization = Normalization.Mean.Concat(Normalization.StandardDeviation).Select(value => value.ToString("R", CultureInfo.InvariantCulture));
        // Batch size and inference form affect the last bits of a logit; cache entries that omit logits must not be shared with complete ones.
        string[] parts =
        [
            options.Value.Architecture,
            $"{options.Value.Precision}",
            "form 1",
            $"{batching.Value.MaxBatch}",
            $"top {cache.Value.TopK}",
            string.Join(',', normalization),
            string.Join('\n', map.Classes),
            string.Join(',', map.Outputs ?? []),
        ];
        hash.Append(Encoding.UTF8.GetBytes(string.Join('|', parts)));
        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }
}
