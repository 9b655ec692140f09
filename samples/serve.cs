// dotnet run serve.cs -- student.onnx   (of Student:OnnxInput=Normalized, the default); then: curl --data-binary @PICTURE http://127.0.0.1:5080/classify
#:sdk Microsoft.NET.Sdk.Web
#:property PublishAot=false
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

var app = WebApplication.Create(args[1..]);
if (app.Urls.Count == 0 && app.Configuration["urls"] is null)
    app.Urls.Add("http://127.0.0.1:5080");
app.MapPost(
    "/classify",
    async (HttpRequest request) =>
    {
        using var bytes = new MemoryStream();
        await request.Body.CopyToAsync(bytes);
        using var image = SKImage.FromEncodedData(bytes.ToArray());
        if (image is null)
            return Results.BadRequest("The body is not a picture that can be decoded.");
        using var picture = SKBitmap.FromImage(image);
        return Results.Ok(Classify(picture));
    }
);
app.Run();

IEnumerable<object> Classify(SKBitmap picture)
{
    using var image = OrtValue.CreateTensorValueFromMemory(ToInput(picture), [1, 3, size, size]);
    using var outputs = session.Run(new RunOptions(), ["images"], [image], ["logits"]);
    var logits = outputs[0].GetTensorDataAsSpan<float>().ToArray();
    var powers = Array.ConvertAll(logits, logit => Math.Exp(logit - logits.Max()));
    return classes.Zip(powers, (name, power) => new { Class = name, Probability = power / powers.Sum() }).OrderByDescending(entry => entry.Probability).Take(5);
}

float[] ToInput(SKBitmap picture)
{
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
