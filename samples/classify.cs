// dotnet run classify.cs -- student.onnx PICTURE...   (of Student:OnnxInput=Normalized, the default)
#:package Microsoft.ML.OnnxRuntime@1.31.1
#:package SkiaSharp@4.155.0
#:package SkiaSharp.NativeAssets.Linux.NoDependencies@4.155.0
using System.Globalization;
using Microsoft.ML.OnnxRuntime;
using SkiaSharp;

using var session = new InferenceSession(args[0]);
var about = session.ModelMetadata.CustomMetadataMap;
var classes = about["classes"].Split('\n');
var size = int.Parse(about["size"], CultureInfo.InvariantCulture);
var (mean, std) = (Numbers("mean"), Numbers("std"));

foreach (var path in args[1..])
{
    using var image = OrtValue.CreateTensorValueFromMemory(ToInput(path), [1, 3, size, size]);
    using var outputs = session.Run(new RunOptions(), ["images"], [image], ["logits"]);
    var logits = outputs[0].GetTensorDataAsSpan<float>().ToArray();
    var best = Array.IndexOf(logits, logits.Max());
    var probability = 1 / logits.Sum(logit => Math.Exp(logit - logits[best]));
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{path}: {classes[best]} ({probability:P1})"));
}

// The center of the picture, its shorter side 256/224 of the size, normalized: [3, size, size]. A small picture of just that size is taken whole.
float[] ToInput(string path)
{
    using var picture = SKBitmap.Decode(path);
    var isWhole = about["resize"] == "none" && (picture.Width, picture.Height) == (size, size);
    var scale = (isWhole ? 1 : 256.0 / 224) * size / Math.Min(picture.Width, picture.Height);
    var (width, height) = ((int)Math.Round(scale * picture.Width), (int)Math.Round(scale * picture.Height));
    using var resized = picture.Resize(new SKImageInfo(width, height), new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear));
    var input = new float[3 * size * size];
    for (var y = 0; y < size; y++)
    {
        for (var x = 0; x < size; x++)
        {
            var color = resized.GetPixel(x + (width - size) / 2, y + (height - size) / 2);
            foreach (var (channel, value) in new[] { color.Red, color.Green, color.Blue }.Index())
                input[(channel * size + y) * size + x] = (value / 255f - mean[channel]) / std[channel];
        }
    }

    return input;
}

float[] Numbers(string key) => Array.ConvertAll(about[key].Split(','), value => float.Parse(value, CultureInfo.InvariantCulture));
