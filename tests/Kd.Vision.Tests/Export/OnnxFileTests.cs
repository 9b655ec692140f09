using Kd.Core.Randomness;
using Kd.Settings;
using Kd.Tests;
using Kd.Vision.Export;
using Kd.Vision.Models;
using Kd.Vision.Runtime;
using Kd.Vision.Tests.Runtime;
using Kd.Vision.Views;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Kd.Vision.Tests.Export;

[Collection(nameof(GlobalGenerator))]
public sealed class OnnxFileTests
{
    private const int Classes = 7;
    private static readonly string[] s_classes = [.. Enumerable.Range(0, Classes).Select(c => $"class {c}")];

    public OnnxFileTests() => TorchRuntime.EnsureLoaded();

    [Theory]
    [InlineData("mobilenet_v2", 64, 0.5)]
    [InlineData("mobilenet_v2", 33, 0.5)]
    [InlineData("mobilenet_v3_small", 64, 0.5)]
    [InlineData("mobilenet_v3_large", 80, 0.5)]
    [InlineData("efficientnet_b0", 33, 0.5)]
    [InlineData("shufflenet_v2_x0_5", 64, 1)]
    [InlineData("shufflenet_v2_x1_0", 75, 1)]
    [InlineData("resnet18", 64, 1)]
    [InlineData("resnet50", 96, 1)]
    [InlineData("cifar-resnet20", 32, 1)]
    public void Write_NetworkWithUsedStatistics_GivesTheSameLogitsInOnnxRuntime(string architecture, int size, double width)
    {
        using var folder = TestFiles.CreateFolder();
        using var scope = NewDisposeScope();
        using var network = ModelCatalog.Create(architecture, Classes, 3, width, size <= 64);
        Train(network, size);
        var pixels = Draw(5 * ViewRenderer.ByteCount(size));
        var images = Normalization.ToInput(pixels, 5, size, CPU);
        network.eval();
        using var _ = no_grad();
        var expected = network.call(images).data<float>().ToArray();
        OnnxFile.Write(folder.File("normalized.onnx"), network, s_classes, OnnxInput.Normalized);
        OnnxFile.Write(folder.File("pixels.onnx"), network, s_classes, OnnxInput.Pixels);

        // All five at once, and the last two alone, since any batch size must work.
        var values = images.contiguous().data<float>().ToArray();
        AssertNear(expected, Run(folder.File("normalized.onnx"), new DenseTensor<float>(values, [5, 3, size, size])));
        AssertNear(expected, Run(folder.File("pixels.onnx"), new DenseTensor<byte>(pixels, [5, 3, size, size])));
        AssertNear(expected[(3 * Classes)..], Run(folder.File("normalized.onnx"), new DenseTensor<float>(values[(3 * 3 * size * size)..], [2, 3, size, size])));
    }

    [Fact]
    public void Write_File_NamesItsClassesAndItsOpset()
    {
        using var folder = TestFiles.CreateFolder();
        using var network = ModelCatalog.Create("mobilenet_v2", Classes, 3, 0.1, true);
        OnnxFile.Write(folder.File("student.onnx"), network, s_classes, OnnxInput.Normalized);
        using var session = new InferenceSession(folder.File("student.onnx"));
        Assert.Equal(string.Join('\n', s_classes), session.ModelMetadata.CustomMetadataMap["classes"]);
        Assert.Equal([-1, 3, -1, -1], session.InputMetadata["images"].Dimensions);
        Assert.Equal([-1, Classes], session.OutputMetadata["logits"].Dimensions);
    }

    // Statistics and weights as after some steps, unlike those of a new network.
    private static void Train(nn.Module<torch.Tensor, torch.Tensor> network, int size)
    {
        network.train();
        using var images = Normalization.ToInput(Draw(8 * ViewRenderer.ByteCount(size)), 8, size, CPU);
        for (var step = 0; step < 3; step++)
            network.call(images).Dispose();
    }

    private static float[] Run<T>(string path, DenseTensor<T> images)
    {
        using var session = new InferenceSession(path);
        using var results = session.Run([NamedOnnxValue.CreateFromTensor("images", images)]);
        return [.. results.Single().AsEnumerable<float>()];
    }

    private static void AssertNear(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        var scale = Math.Max(1, expected.Max(Math.Abs));
        for (var i = 0; i < expected.Length; i++)
            Assert.InRange(Math.Abs(expected[i] - actual[i]), 0, 1e-4 * scale);
    }

    private static byte[] Draw(int count)
    {
        var random = new CounterRandom(5, 6);
        var pixels = new byte[count];
        foreach (ref var pixel in pixels.AsSpan())
            pixel = (byte)random.NextInt32(256);
        return pixels;
    }
}
