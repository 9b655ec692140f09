using System.Runtime.InteropServices;
using Kd.Vision.Models;
using Kd.Vision.Tests.Runtime;
using static TorchSharp.torch;

namespace Kd.Vision.Tests.Models;

[Collection(nameof(GlobalGenerator))]
public sealed partial class AffineLayerTests
{
    private const int Layers = 6000;

    [Theory]
    [InlineData(1, 1, 1, false)]
    [InlineData(3, 2, 1, true)]
    [InlineData(5, 1, 4, true)]
    public void Convolution_SameSeed_EqualsTorchs(int kernel, int stride, int groups, bool hasBias) =>
        AssertEqual(
            () => new Convolution(4, 8, kernel, stride, groups, hasBias),
            () => nn.Conv2d(4, 8, kernel, stride: stride, padding: kernel / 2, groups: groups, bias: hasBias),
            [2, 4, 9, 9]
        );

    [Fact]
    public void Linear_SameSeed_EqualsTorchs() => AssertEqual(() => new Linear(5, 7), () => nn.Linear(5, 7), [3, 5]);

    [Fact]
    public void Weight_Replaced_IsTheNetworksParameter()
    {
        using var layer = new Linear(2, 3);
        var old = layer.Weight;

        layer.Weight = new TorchSharp.Modules.Parameter(ones(3, 2));

        Assert.True(old.IsInvalid);
        Assert.Equal(["weight", "bias"], layer.named_parameters().Select(entry => entry.name));
        Assert.Same(layer.Weight, layer.get_parameter("weight"));
    }

    // A trainer that stays creates a network for each run. TorchSharp keeps 64 bytes of any module; of its own layers, 700.
    [Fact]
    public void Dispose_ManyLayers_LeavesNoNativeMemoryOfTheirs()
    {
        Assert.SkipUnless(RuntimeInformation.RuntimeIdentifier.StartsWith("linux", StringComparison.Ordinal), "needs Linux with glibc");
        CreateAndDispose();
        var before = (double)Heaps.Read().InUse;

        CreateAndDispose();

        Assert.InRange((Heaps.Read().InUse - before) / Layers, double.MinValue, 128);
    }

    private static void CreateAndDispose()
    {
        for (var i = 0; i < Layers / 2; i++)
        {
            new Convolution(4, 4, 3).Dispose();
            new Linear(4, 4).Dispose();
        }

        GC.Collect();
        GC.WaitForPendingFinalizers();
    }

    private static void AssertEqual(Func<nn.Module<Tensor, Tensor>> own, Func<nn.Module<Tensor, Tensor>> torchs, long[] shape)
    {
        using var scope = NewDisposeScope();
        random.manual_seed(3);
        using var actual = own();
        random.manual_seed(3);
        using var expected = torchs();
        var input = rand(shape);

        var (output, same) = (actual.call(input), expected.call(input));
        output.sum().backward();
        same.sum().backward();

        Assert.True(output.Equals(same));
        Assert.Equal(expected.named_parameters().Select(entry => entry.name), actual.named_parameters().Select(entry => entry.name));
        foreach (var (parameter, other) in actual.parameters().Zip(expected.parameters()))
            Assert.True(parameter.Equals(other) && parameter.grad!.Equals(other.grad!));
    }

    /// <summary>The C library's mallinfo2: ten numbers, of which the eighth is the bytes in use in all heaps.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 80)]
    private partial struct Heaps
    {
        [FieldOffset(56)]
        public nuint InUse;

        [LibraryImport("libc", EntryPoint = "mallinfo2")]
        public static partial Heaps Read();
    }
}
