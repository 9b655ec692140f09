using Kd.Settings;
using Kd.Vision.Checkpoints;
using Kd.Vision.Views;
using Microsoft.ML.OnnxRuntime;

namespace Kd.TeacherService.Model;

/// <summary>A classifier in an ONNX file.</summary>
internal sealed class OnnxNetwork : LoadedNetwork
{
    // Keys of the file's metadata.
    private const string MeanKey = "mean",
        DeviationKey = "std";
    private readonly string _path;
    private readonly OnnxSession _plain;

    private OnnxNetwork(string path, OnnxFiles files, OnnxSession plain, int outputs, IReadOnlyList<string>? names, int side)
        : base(outputs, names, files.Hash()) => (_path, _plain, Parameters, Side) = (path, plain, files.Parameters, side);

    public override long Parameters { get; }

    public override bool IsForeign => true;

    public override int Side { get; }

    public override NormalizationTexts StatedNormalization =>
        new(_plain.Metadata.GetValueOrDefault(MeanKey), _plain.Metadata.GetValueOrDefault(DeviationKey), IsOwn: _plain.TakesBytes);

    /// <summary>Loads a file.</summary>
    /// <param name="options">Weights, input size, threads.</param>
    /// <param name="names">Names of its outputs, or null: those in the file's metadata, if any.</param>
    /// <exception cref="TeacherException">The file is no classifier, or lacks files that belong to it, or the options do not suit it.</exception>
    public static OnnxNetwork Load(TeacherOptions options, IReadOnlyList<string>? names)
    {
        if (options.Engine == TeacherEngine.Torch)
            throw new TeacherException("Teacher:Engine is Torch, but an ONNX file runs in ONNX Runtime only. Use Teacher:Engine=Auto.");
        OnnxEngine.CheckPrecision(options);
        var path = options.Weights;
        // Before ONNX Runtime opens any of them.
        var files = OnnxFiles.Read(path);
        using var settings = OnnxEngine.PlainOptions(options.Threads);
        var plain = OnnxSession.Open(() => new InferenceSession(path, settings), $"'{path}'");
        try
        {
            var size = SizeOf(options, plain.Side);
            var outputs = plain.Run(new byte[ViewRenderer.ByteCount(size)], 1, 1, size, ChannelStatistics.ImageNet).Length;
            const StringSplitOptions lines = StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries;
            names ??= plain.Metadata.GetValueOrDefault(Checkpoint.ClassesKey)?.Split('\n', lines);
            return new OnnxNetwork(path, files, plain, outputs, names, plain.Side > 0 || !plain.Accepts(OtherSize(size)) ? size : 0);
        }
        catch
        {
            plain.Dispose();
            throw;
        }
    }

    public override float[] Compute(byte[] pixels, int count, int size, ChannelStatistics statistics) => _plain.Run(pixels, count, count, size, statistics);

    public override ITeacherEngine Start(TeacherOptions options, PassForm form)
    {
        _plain.Dispose();
        return OnnxEngine.Open(_path, options, form);
    }

    public override void Dispose() => _plain.Dispose();

    // Most exports name height and width as dynamic, also of networks with one size, such as ViT with its position embeddings.
    private static int OtherSize(int size) => size + 32 <= CallLimits.LargestSide ? size + 32 : size - 32;

    private static int SizeOf(TeacherOptions options, int side) =>
        side == 0 ? NetworkLoader.InputSize(options)
        : options.InputSize == 0 || options.InputSize == side ? side
        : throw new TeacherException(
            $"Teacher:InputSize is {options.InputSize} px, but '{options.Weights}' takes pictures of {side} px only. Leave Teacher:InputSize at 0."
        );
}
