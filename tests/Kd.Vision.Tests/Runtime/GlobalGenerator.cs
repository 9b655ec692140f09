namespace Kd.Vision.Tests.Runtime;

/// <summary>Tests that draw from torch's global generator; no other test may run at the same time.</summary>
[CollectionDefinition(nameof(GlobalGenerator), DisableParallelization = true)]
public sealed class GlobalGenerator;
