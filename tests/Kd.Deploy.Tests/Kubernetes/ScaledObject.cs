using k8s.Models;

namespace Kd.Deploy.Tests.Kubernetes;

/// <summary>The fields of KEDA's resource that are used here; any other is an error, as for the types of Kubernetes.</summary>
public sealed class ScaledObject
{
    public string ApiVersion { get; set; } = "";
    public string Kind { get; set; } = "";
    public V1ObjectMeta Metadata { get; set; } = new();
    public ScaledObjectSpecification Spec { get; set; } = new();
}

public sealed class ScaledObjectSpecification
{
    public ScaleTarget ScaleTargetRef { get; set; } = new();
    public int PollingInterval { get; set; }
    public int CooldownPeriod { get; set; }
    public int MinReplicaCount { get; set; }
    public int MaxReplicaCount { get; set; }
    public List<ScaleTrigger> Triggers { get; set; } = [];
}

public sealed class ScaleTarget
{
    public string Name { get; set; } = "";
}

public sealed class ScaleTrigger
{
    public string Type { get; set; } = "";
    public string MetricType { get; set; } = "";
    public MetricsApi Metadata { get; set; } = new();
}

/// <summary>Parameters of the scaler metrics-api, KEDA 2.19. All are texts.</summary>
public sealed class MetricsApi
{
    public string Url { get; set; } = "";
    public string ValueLocation { get; set; } = "";
    public string TargetValue { get; set; } = "";
    public string AggregateFromKubeServiceEndpoints { get; set; } = "";
    public string AggregationType { get; set; } = "";
}
