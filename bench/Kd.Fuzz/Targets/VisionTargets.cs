using Kd.Settings;
using Kd.Vision.Checkpoints;
using Kd.Vision.Datasets;
using Kd.Vision.Imaging;
using Parquet;
using Parquet.Schema;
using SkiaSharp;
using static TorchSharp.torch;

namespace Kd.Fuzz.Targets;

/// <summary>Files of weights and datasets.</summary>
internal static class VisionTargets
{
    private const int Side = 8;

    public static FuzzTarget Safetensors { get; } = new("safetensors", SafetensorsSeeds, ReadWeights);

    public static FuzzTarget PyTorch { get; } = new("pytorch", _ => [Fixture("tiny_zip.pth"), Fixture("tiny_legacy.pth")], ReadWeights);

    // The area limit is low, so that an input is decoded in milliseconds.
    public static FuzzTarget Picture { get; } =
        new("picture", _ => [Fixture("cmyk-red.jpg"), .. Pictures()], _ => input => ImageDecoder.Decode(input, "picture", largestArea: 1_000_000));

    public static FuzzTarget Parquet { get; } = new("parquet", folder => [WriteParquetAsync(folder).GetAwaiter().GetResult()], ReadParquet);

    private static Action<byte[]> ReadWeights(string folder)
    {
        var path = Path.Combine(folder, "weights");
        return input =>
        {
            File.WriteAllBytes(path, input);
            Vision.Checkpoints.Checkpoint.Read(path);
        };
    }

    private static Action<byte[]> ReadParquet(string folder)
    {
        var options = new DatasetOptions { Path = folder, LargestPicture = 1 };
        return input =>
        {
            File.WriteAllBytes(Path.Combine(folder, "train-0.parquet"), input);
            DatasetLoader.Load(options);
        };
    }

    private static byte[][] SafetensorsSeeds(string folder)
    {
        var path = Path.Combine(folder, "a");
        SafetensorsFile.Write(
            path,
            new Dictionary<string, TensorData>
            {
                ["weight"] = new TensorData(ScalarType.Float32, [2, 3], new byte[24]),
                ["count"] = new TensorData(ScalarType.Int64, [], new byte[8]),
            },
            new Dictionary<string, string> { [Vision.Checkpoints.Checkpoint.ClassesKey] = "cat\ndog" }
        );
        return [File.ReadAllBytes(path)];
    }

    private static IEnumerable<byte[]> Pictures()
    {
        yield return PngFile.Encode(new RgbImage(Side, Side, new byte[3 * Side * Side]));
        using var bitmap = new SKBitmap(Side, Side);
        foreach (var format in new[] { SKEncodedImageFormat.Jpeg, SKEncodedImageFormat.Webp })
            yield return bitmap.Encode(format, 90).ToArray();
    }

    private static async Task<byte[]> WriteParquetAsync(string folder)
    {
        const int rows = 24;
        var (bytes, name, label) = (new DataField<byte[]>("bytes"), new DataField<string>("path"), new DataField<long>("label"));
        var path = Path.Combine(folder, "seed.parquet");
        await using (var file = File.Create(path))
        {
            await using var writer = await ParquetWriter.CreateAsync(new ParquetSchema(new StructField("image", bytes, name), label), file);
            writer.CustomMetadata = new Dictionary<string, string> { ["huggingface"] = """{"info":{"features":{"label":{"names":["cat","dog"]}}}}""" };
            using var group = writer.CreateRowGroup();
            await group.WriteAsync(bytes, Enumerable.Repeat(Pictures().First(), rows).ToList());
            await group.WriteAsync(name, Enumerable.Range(0, rows).Select(row => $"{row}.png").ToList());
            await group.WriteAsync<long>(label, Enumerable.Range(0, rows).Select(row => row % 2L).ToArray());
        }

        return await File.ReadAllBytesAsync(path);
    }

    private static byte[] Fixture(string name) => File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "seeds", name));
}
