using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Kd.TeacherService.Model;

/// <summary>A network as it was loaded from its file.</summary>
/// <param name="Module">Holds the parameters.</param>
/// <param name="Network">Runs the forward pass; the same object as <paramref name="Module"/>.</param>
/// <param name="Outputs">Number of its classes.</param>
/// <param name="Names">Names of its classes, or null where the file has none.</param>
/// <param name="Hash">Hash of its weights.</param>
/// <param name="IsScript">Whether it is a TorchScript file, which is served unchanged.</param>
internal sealed record LoadedNetwork(Module Module, IModule<Tensor, Tensor> Network, int Outputs, IReadOnlyList<string>? Names, byte[] Hash, bool IsScript);
