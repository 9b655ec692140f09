using Kd.ServiceDefaults.Connections;

namespace Kd.ServiceDefaults.Tests.Connections;

public sealed class ReplicaNameTests
{
    [Theory]
    [InlineData("teacher", "service.instance.id=xyzw", "teacher-xyzw@box:42", "teacher-xyzw")]
    [InlineData(null, "deployment.environment=x, service.instance.id=abc,other=1", "abc@box:42", "abc")]
    [InlineData("teacher", "deployment.environment=x", "@box:42", "box:42")]
    [InlineData(null, null, "@box:42", "box:42")]
    [InlineData(null, "service.instance.id=Lehrer ä", "Lehrer__@box:42", "Lehrer__")]
    public void Compose_WhatTelemetryCallsIt_IsInTheNameAndFitsAHeader(string? service, string? attributes, string expected, string shown)
    {
        var name = ReplicaName.Compose(service, attributes, "box", 42);
        Assert.Equal(expected, name);
        Assert.Equal(shown, ReplicaName.Short(name));
    }
}
