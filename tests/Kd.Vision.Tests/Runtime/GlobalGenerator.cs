namespace Kd.Vision.Tests.Runtime;

/// <summary>Tests that draw from torch's global generator: nothing else may run beside them.</summary>
[CollectionDefinition(nameof(GlobalGenerator), DisableParallelization = true)]
public sealed class GlobalGenerator;
