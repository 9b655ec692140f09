using System.Numerics.Tensors;
using Kd.Settings;
using Microsoft.ML.OnnxRuntime;
using SessionOptions = Microsoft.ML.OnnxRuntime.SessionOptions;

namespace Kd.TeacherService.Model;

/// <summary>Runs a network in ONNX Runtime.</summary>
internal sealed class OnnxEngine : ITeacherEngine
{
    private const string Cpu = "cpu",
        Cuda = "CUDAExecutionProvider";
    private readonly OnnxSession _session;
    private readonly PassForm _form;

    private OnnxEngine(OnnxSession session, PassForm form, string device) => (_session, _form, Device) = (session, form, device);

    public string Device { get; }

    public string FormName => "onnx 1";

    /// <summary>Opens a file.</summary>
    /// <exception cref="TeacherException">The options ask for a device or a precision that is not there.</exception>
    public static OnnxEngine Open(string path, TeacherOptions options, PassForm form) =>
        Open(settings => new InferenceSession(path, settings), $"'{path}'", options, form);

    /// <summary>Converts a network of the catalog, which is disposed.</summary>
    /// <exception cref="TeacherException">The options ask for a device or a precision that is not there.</exception>
    public static OnnxEngine Of(TorchNetwork network, TeacherOptions options, PassForm form)
    {
        var model = network.ToOnnx();
        network.Dispose();
        return Open(settings => new InferenceSession(model, settings), options.Architecture, options, form);
    }

    /// <summary>Settings of a session that computes what the file says, in its order, on the CPU.</summary>
    public static SessionOptions PlainOptions(int threads)
    {
        var options = Options(threads);
        options.GraphOptimizationLevel = GraphOptimizationLevel.ORT_DISABLE_ALL;
        return options;
    }

    public Half[] Run(byte[] pixels, int count, int size)
    {
        var logits = _session.Run(pixels, _form.Batch, count, size, _form.Statistics);
        var half = new Half[logits.Length];
        TensorPrimitives.ConvertToHalf(logits, half);
        return half;
    }

    public void Dispose() => _session.Dispose();

    /// <summary>Checks that the options ask for the only precision.</summary>
    /// <exception cref="TeacherException">They ask for another one.</exception>
    public static void CheckPrecision(TeacherOptions options)
    {
        if (options.Precision != TeacherPrecision.Float32)
            throw new TeacherException($"Teacher:Precision is {options.Precision}, but ONNX Runtime computes in the file's precision: use Float32.");
    }

    private static OnnxEngine Open(Func<SessionOptions, InferenceSession> open, string name, TeacherOptions options, PassForm form)
    {
        CheckPrecision(options);
        using var settings = Options(options.Threads);
        var device = ChooseDevice(form.Device, settings);
        return new OnnxEngine(OnnxSession.Open(() => open(settings), device == Cpu ? name : $"{name} on {device}"), form, device);
    }

    private static SessionOptions Options(int threads)
    {
        var options = new SessionOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
        // As many as torch has, which knows OMP_NUM_THREADS. Its own default ties threads to cores.
        options.IntraOpNumThreads = threads > 0 ? threads : TorchSharp.torch.get_num_threads();
        // Threads that spin while they wait take the cores from the trainer.
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        return options;
    }

    private static string ChooseDevice(string name, SessionOptions settings)
    {
        var hasCuda = OrtEnv.Instance().GetAvailableProviders().Contains(Cuda);
        if (name == Cpu || (name == "auto" && !hasCuda))
            return Cpu;
        var index =
            name is "auto" or "cuda" ? 0
            : name.StartsWith("cuda:", StringComparison.Ordinal) && int.TryParse(name[5..], out var number) ? number
            : -1;
        if (index < 0)
            throw new TeacherException($"The device '{name}' is not known. Use auto, cpu, cuda or cuda:N.");
        if (!hasCuda)
            throw new TeacherException(
                $"The device is '{name}', but this build has ONNX Runtime for the CPU only. Build with -p:Onnx=cuda, or use Teacher:Device=cpu."
            );
        try
        {
            using var cuda = new OrtCUDAProviderOptions();
            cuda.UpdateOptions(
                new Dictionary<string, string>
                {
                    ["device_id"] = $"{index}",
                    // The algorithm does not depend on a measurement, and float32 is float32: the same logits each time.
                    ["cudnn_conv_algo_search"] = "DEFAULT",
                    ["use_tf32"] = "0",
                }
            );
            settings.AppendExecutionProvider_CUDA(cuda);
        }
        catch (OnnxRuntimeException error)
        {
            throw new TeacherException($"ONNX Runtime cannot use the device '{name}': {OnnxSession.FirstLine(error)}. Mend that, or use Teacher:Device=cpu.");
        }

        return $"cuda:{index}";
    }
}
