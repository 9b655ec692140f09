using Kd.ServiceDefaults.Connections;

namespace Kd.ServiceDefaults.Tests.Connections;

public sealed class ReplicaNameTests
{
    [Theory]
    [InlineData("service.instance.id=teacher-0", "teacher-0@box:42", "teacher-0")]
    [InlineData("deployment.environment=x, service.instance.id=abc,other=1", "abc@box:42", "abc")]
    [InlineData("deployment.environment=x", "@box:42", "box:42")]
    [InlineData(null, "@box:42", "box:42")]
    [InlineData("service.instance.id=Lehrer ä", "Lehrer__@box:42", "Lehrer__")]
    public void Compose_WhatTelemetryCallsIt_IsInTheNameAndFitsAHeader(string? attributes, string expected, string shown)
    {
        var name = ReplicaName.Compose(attributes, "box", 42);
        Assert.Equal(expected, name);
        Assert.Equal(shown, ReplicaName.Short(name));
    }
}
