namespace Kd.AppHost.Local.Tests.Building;

public sealed class ResourceTests
{
    private readonly IDistributedApplicationBuilder _builder = DistributedApplication.CreateBuilder(["--Parameters:given=a-value"]);

    // What Aspire sets for the same calls.
    [Fact]
    public void WithReference_EndpointOfTwoReplicas_SetsAspiresVariables()
    {
        var teacher = _builder.AddProject<Metadata>("teacher").WithHttpEndpoint(name: "grpc", env: "Endpoints__GrpcPort").WithReplicas(2);
        var trainer = _builder.AddProject<Metadata>("trainer").WithReference(teacher.GetEndpoint("grpc")).WithEnvironment("TeacherClient__Address", teacher.GetEndpoint("grpc"));
        teacher.Resource.Endpoints[0].Ports = [5001, 5002];

        var variables = Variables(trainer.Resource);

        Assert.Equal("http://localhost:5001", variables["services__teacher__grpc__0"]);
        Assert.Equal("http://localhost:5002", variables["services__teacher__grpc__1"]);
        Assert.Equal("http://localhost:5001;http://localhost:5002", variables["TeacherClient__Address"]);
    }

    [Fact]
    public void WithReference_Redis_SetsTheConnectionString()
    {
        var cache = _builder.AddRedis("cache");
        var teacher = _builder.AddProject<Metadata>("teacher").WithReference(cache);
        cache.Resource.ConnectionString = "localhost:1,password=x";
        Assert.Equal("localhost:1,password=x", Variables(teacher.Resource)["ConnectionStrings__cache"]);
    }

    [Fact]
    public void WithReference_ConnectionStringOfTheConfiguration_IsHandedOn()
    {
        var builder = DistributedApplication.CreateBuilder(["--ConnectionStrings:cache=redis.example:6379"]);
        var teacher = builder.AddProject<Metadata>("teacher").WithReference(builder.AddConnectionString("cache"));
        Assert.Equal("redis.example:6379", Variables(teacher.Resource)["ConnectionStrings__cache"]);
    }

    [Fact]
    public void AddParameter_GivenOrNot_IsTheGivenValueOrAGeneratedOne()
    {
        var generate = new GenerateParameterDefault { MinLength = 32, Special = false };
        Assert.Equal("a-value", _builder.AddParameter("given", generate, secret: true).Resource.Value);
        var (one, two) = (_builder.AddParameter("one", generate).Resource.Value, _builder.AddParameter("two", generate).Resource.Value);
        Assert.Matches("^[A-Za-z0-9]{32}$", one);
        Assert.NotEqual(one, two);
    }

    [Fact]
    public void AddProject_NameTwice_IsAnErrorWithTheName()
    {
        _builder.AddProject<Metadata>("teacher");
        Assert.Contains("'teacher'", Assert.Throws<InvalidOperationException>(() => _builder.AddProject<Metadata>("teacher")).Message);
    }

    [Fact]
    public void GetEndpoint_NotDeclared_SaysHowToDeclareIt()
    {
        var teacher = _builder.AddProject<Metadata>("teacher");
        var trainer = _builder.AddProject<Metadata>("trainer").WithReference(teacher.GetEndpoint("grpc"));
        Assert.Contains("WithHttpEndpoint(name: \"grpc\")", Assert.Throws<InvalidOperationException>(() => Variables(trainer.Resource)).Message);
    }

    private static Dictionary<string, string> Variables(ProjectResource project)
    {
        var variables = new Dictionary<string, string>();
        project.Environment.ForEach(set => set(variables));
        return variables;
    }

    private sealed class Metadata : IProjectMetadata
    {
        public string ProjectPath => "/nowhere/Service.dll";
    }
}
