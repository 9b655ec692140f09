using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using Kd.Settings;
using Kd.Tests;
using Kd.Vision.Checkpoints;
using Kd.Vision.Export;
using Kd.Vision.Imaging;
using Kd.Vision.Models;
using Kd.Vision.Runtime;
using Kd.Vision.Tests.Runtime;
using Kd.Vision.Views;
using static TorchSharp.torch;

namespace Kd.Vision.Tests.Samples;

/// <summary>The programs of samples/, started as their users start them.</summary>
[Collection(nameof(GlobalGenerator))]
public sealed class SampleTests
{
    private static readonly string[] s_classes = ["cat", "dog", "owl"];

    public SampleTests() => TorchRuntime.EnsureLoaded();

    // A student of small pictures takes one of its size whole, and the center of a larger one, as predict does.
    [Theory]
    [InlineData(32, 32, true, 0.1)]
    [InlineData(70, 50, false, 2)]
    public async Task ClassifyCs_SmallPictures_PrintsTheNetworksClassAndProbability(int width, int height, bool isWhole, double tolerance)
    {
        using var folder = TestFiles.CreateFolder();
        using var scope = NewDisposeScope();
        var expected = WriteStudent(folder, new ViewPlanner(32, isWhole, seed: 1), (width, height));
        using (var network = ModelCatalog.Create("mobilenet_v2", s_classes.Length, seed: 5, smallImages: true))
            OnnxFile.Write(folder.File("student.onnx"), Scaled(network), s_classes, OnnxInput.Normalized, new ViewPlanner(32, small: true, seed: 1));

        AssertNear($"{folder.File("a.png")}: ", expected, await ClassifyAsync(folder.File("student.onnx"), folder.File("a.png")), tolerance);
    }

    [Theory]
    [InlineData(32, true, 32, 32)]
    [InlineData(96, false, 140, 120)]
    public async Task QuantizePy_EitherForm_WritesAQuarterThatClassifiesAlike(int size, bool isSmall, int width, int height)
    {
        using var folder = TestFiles.CreateFolder();
        using var scope = NewDisposeScope();
        var expected = WriteStudent(folder, new ViewPlanner(size, isSmall, seed: 1), (width, height));
        var program = await ReadAsync("quantize.py");

        await PythonProgram.RunAsync(program, folder.File("student.safetensors"), folder.Path, folder.File("int8.onnx"));

        AssertNear($"{folder.File("a.png")}: ", expected, await ClassifyAsync(folder.File("int8.onnx"), folder.File("a.png")), tolerance: 5);
        var (small, large) = (new FileInfo(folder.File("int8.onnx")).Length, new FileInfo(folder.File("student.onnx")).Length);
        Assert.InRange(small, 0.2 * large, 0.35 * large);
    }

    [Fact]
    public async Task ServeCs_PictureOfAnySize_AnswersWithTheMostProbableClasses()
    {
        using var folder = TestFiles.CreateFolder();
        using var scope = NewDisposeScope();
        var expected = WriteStudent(folder, new ViewPlanner(32, small: false, seed: 1), (90, 60));
        var port = FreePort();
        using var process = Start("serve.cs", folder.File("student.onnx"), $"--urls=http://127.0.0.1:{port}");
        try
        {
            _ = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };

            var answer = await AskAsync(process, client, File.ReadAllBytes(folder.File("a.png")));
            var refused = await client.PostAsync("classify", new ByteArrayContent([1, 2, 3]), TestContext.Current.CancellationToken);

            var best = (await answer.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken))[0];
            Assert.Equal(expected.Class, best.GetProperty("class").GetString());
            Assert.Equal(expected.Probability, best.GetProperty("probability").GetDouble(), 0.02);
            Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }
    }

    [Fact]
    public async Task ClassifyPy_StandardForm_PrintsTheNetworksClassAndProbability()
    {
        using var folder = TestFiles.CreateFolder();
        using var scope = NewDisposeScope();
        var expected = WriteStudent(folder, new ViewPlanner(224, small: false, seed: 1), (300, 260));
        var program = await ReadAsync("classify.py");

        var (output, _) = await PythonProgram.RunAsync(program, folder.File("student.safetensors"), folder.File("a.png"));

        AssertNear($"{folder.File("a.png")}: ", expected, output, tolerance: 1);
    }

    private static (string Class, double Probability) WriteStudent(TemporaryFolder folder, ViewPlanner views, (int Width, int Height) size)
    {
        var small = views.Size <= 64;
        using var network = ModelCatalog.Create("mobilenet_v2", s_classes.Length, seed: 5, smallImages: small);
        Scaled(network);
        OnnxFile.Write(folder.File("student.onnx"), network, s_classes, OnnxInput.Normalized, views);
        var names = new Dictionary<string, string>
        {
            [Checkpoint.ClassesKey] = string.Join('\n', s_classes),
            ["size"] = $"{views.Size}",
            ["form"] = small ? "small" : "standard",
            ["width"] = "1",
        };
        SafetensorsFile.Write(folder.File("student.safetensors"), ModuleState.Save(network), names);
        // A smooth picture, since programs resize in different ways.
        var pixels = new byte[3 * size.Width * size.Height];
        for (var i = 0; i < pixels.Length; i++)
            pixels[i] = (byte)(127 + 120 * Math.Sin(0.1 * (i / 3 % size.Width) + 0.07 * (i / 3 / size.Width) + i % 3));
        var image = new RgbImage(size.Width, size.Height, pixels);
        File.WriteAllBytes(folder.File("a.png"), PngFile.Encode(image));
        var planes = new byte[ViewRenderer.ByteCount(views.Size)];
        ViewRenderer.Render(image, views.Evaluation(size.Width, size.Height), planes);
        network.eval();
        using var _ = no_grad();
        var probabilities = network.call(Normalization.ToInput(planes, 1, views.Size, CPU)).softmax(1).data<float>().ToArray();
        return (s_classes[Array.IndexOf(probabilities, probabilities.Max())], probabilities.Max());
    }

    // Logits that differ more than those of new weights.
    private static nn.Module<Tensor, Tensor> Scaled(nn.Module<Tensor, Tensor> network)
    {
        using var _ = no_grad();
        network.parameters().Last(parameter => parameter.dim() == 2).mul_(tensor(40f));
        return network;
    }

    private static void AssertNear(string start, (string Class, double Probability) expected, string output, double tolerance)
    {
        Assert.StartsWith($"{start}{expected.Class} (", output);
        var percent = output.Trim()[(start.Length + expected.Class.Length + 2)..].TrimEnd(')', '%', ' ');
        Assert.Equal(100 * expected.Probability, double.Parse(percent, CultureInfo.InvariantCulture), tolerance);
    }

    private static Task<string> ReadAsync(string sample) =>
        File.ReadAllTextAsync(Path.Combine(TestFiles.RepositoryRoot, "samples", sample), TestContext.Current.CancellationToken);

    private static async Task<string> ClassifyAsync(params string[] arguments)
    {
        using var process = Start("classify.cs", arguments);
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, await output + await errors);
        return await output;
    }

    private static async Task<HttpResponseMessage> AskAsync(Process process, HttpClient client, byte[] picture)
    {
        for (var watch = Stopwatch.StartNew(); ; await Task.Delay(200, TestContext.Current.CancellationToken))
        {
            try
            {
                return (await client.PostAsync("classify", new ByteArrayContent(picture), TestContext.Current.CancellationToken)).EnsureSuccessStatusCode();
            }
            catch (HttpRequestException error) when (error.StatusCode is null && watch.Elapsed < TimeSpan.FromMinutes(3))
            {
                Assert.False(process.HasExited, "the sample ended");
            }
        }
    }

    private static Process Start(string sample, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", ["run", Path.Combine(TestFiles.RepositoryRoot, "samples", sample), "--", .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // Those of the build that runs the tests must not lead this one.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToList())
            start.Environment.Remove(name);
        return Process.Start(start)!;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
