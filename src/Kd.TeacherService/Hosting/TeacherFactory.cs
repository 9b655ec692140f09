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
    /// <summary>Loads the network, converts it into the form that is served and runs the self-check.</summary>
    /// <exception cref="TeacherException">The teacher does not fit the dataset, or failed its self-check.</exception>
    /// <exception cref="CheckpointException">The weights file cannot be used.</exception>
    public TeacherModel Create()
    {
        var settings = options.Value;
        TorchRuntime.EnsureLoaded();
        if (settings.Threads > 0)
            TorchRuntime.SetThreads(settings.Threads);
        var datasetClasses = DatasetLoader.ReadClassNames(dataset.Value.Path);
        var loaded = load(settings, datasetClasses.Count);
        try
        {
            return Create(settings, loaded, ClassMap.Create(datasetClasses, loaded.Outputs, loaded.Names));
        }
        catch
        {
            loaded.Dispose();
            throw;
        }
    }

    private TeacherModel Create(TeacherOptions settings, LoadedNetwork loaded, ClassMap map)
    {
        var size =
            loaded.Side > 0 ? loaded.Side
            : settings.InputSize == 0 && loaded.TrainedSide > 0 ? loaded.TrainedSide
            : NetworkLoader.InputSize(settings);
        var form = new PassForm(
            string.IsNullOrEmpty(settings.Device) ? configuration["Device"] ?? "auto" : settings.Device,
            batching.Value.MaxBatch,
            ChooseNormalization(settings, loaded)
        );
        var parameters = loaded.Parameters;
        var check = SelfCheck.Prepare(loaded, size, form.Statistics);
        var engine = loaded.Start(settings, form);
        var precision = settings.Precision.ToString().ToLowerInvariant();
        var id = Identify(loaded, map, form, engine);
        var description = new TeacherDescription(id, settings.Architecture, settings.Weights, precision, parameters, size) { HasFixedSize = loaded.Side > 0 };
        var model = new TeacherModel(engine, description, map, form.Batch);
        var (difference, firstPass) = check.Run(model, settings.Precision, loaded.IsForeign);
        logger.SelfCheckPassed(precision, difference);
        model.FirstPass = firstPass;
        return model;
    }

    private ChannelStatistics ChooseNormalization(TeacherOptions settings, LoadedNetwork loaded)
    {
        var texts = loaded.StatedNormalization;
        var chosen = texts.Choose(settings);
        if (loaded.IsForeign && !texts.IsOwn && chosen == ChannelStatistics.ImageNet && string.IsNullOrEmpty(settings.Mean))
            logger.ImageNetNormalization();
        return chosen;
    }

    private string Identify(LoadedNetwork loaded, ClassMap map, PassForm form, ITeacherEngine engine)
    {
        var hash = new XxHash128();
        hash.Append(loaded.Hash);
        var normalization = form.Statistics.Mean.Concat(form.Statistics.StandardDeviation).Select(value => value.ToString("R", CultureInfo.InvariantCulture));
        // Batch size and inference form affect the last bits of a logit; cache entries that omit logits must not be shared with complete ones.
        string[] parts =
        [
            options.Value.Architecture,
            $"{options.Value.Precision}",
            engine.FormName,
            $"{batching.Value.MaxBatch}",
            $"top {cache.Value.TopK}",
            string.Join(',', normalization),
            string.Join('\n', map.Classes),
            string.Join(',', map.Outputs ?? []),
            // A GPU has other last bits.
            .. engine.Device.StartsWith("cuda", StringComparison.Ordinal) ? ["cuda"] : Array.Empty<string>(),
        ];
        hash.Append(Encoding.UTF8.GetBytes(string.Join('|', parts)));
        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }
}
