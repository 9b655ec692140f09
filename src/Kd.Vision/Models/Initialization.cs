using TorchSharp;
using static TorchSharp.torch.nn;

namespace Kd.Vision.Models;

/// <summary>Initializes weights as torchvision's convolutional classifiers do.</summary>
internal static class Initialization
{
    /// <summary>Initializes convolutions by He et al. 2015 (normal, fan-out, ReLU gain), their biases by 0; batch norm keeps weight 1 and bias 0.</summary>
    public static void KaimingFanOut(torch.nn.Module model)
    {
        using var _ = torch.no_grad();
        foreach (var module in model.modules())
        {
            if (module is not Convolution convolution)
                continue;
            init.kaiming_normal_(convolution.Weight, mode: init.FanInOut.FanOut, nonlinearity: init.NonlinearityType.ReLU);
            if (convolution.Bias is { } bias)
                init.zeros_(bias);
        }
    }
}
