using Kd.Tests;
using Kd.Vision.Imaging;

namespace Kd.Training.Tests;

/// <summary>A folder of pictures of 32 px, each of one color.</summary>
internal static class SmallDataset
{
    /// <summary>Writes pictures of a class to all three splits.</summary>
    public static void Write(TemporaryFolder folder, string name, int perSplit)
    {
        foreach (var (index, split) in new[] { "train", "val", "test" }.Index())
        {
            Directory.CreateDirectory(folder.File($"{split}/{name}"));
            for (var i = 0; i < perSplit; i++)
            {
                var pixels = new byte[32 * 32 * 3];
                Array.Fill(pixels, (byte)(name[0] * 7 + 50 * index + i));
                File.WriteAllBytes(folder.File($"{split}/{name}/{i}.png"), PngFile.Encode(new RgbImage(32, 32, pixels)));
            }
        }
    }
}
