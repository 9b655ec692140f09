using Kd.AppHost;

if (!RunSettings.TryRead(args, out var settings))
    return RunSettings.UsageError;

var builder = DistributedApplication.CreateBuilder(args);

// The key that the services share; a call without it is refused.
var key = builder.AddParameter("service-key", new GenerateParameterDefault { MinLength = 32, Special = false }, secret: true);

var cache = settings.AddCache(builder);

var teacher = builder.AddProject<Projects.Kd_TeacherService>("teacher")
    .WithHttpEndpoint(name: "http")
    .WithHttpEndpoint(name: "grpc", env: "Endpoints__GrpcPort")
    .WithHttpHealthCheck("/health", endpointName: "http")
    .WithEnvironment("Service__Key", key)
    .WithReference(cache)
    .WaitFor(cache)
    .WithReplicas(settings.TeacherReplicas)
    .WithSettings(settings, "Teacher", "Batching", "Cache", "Dataset", "Device");

var agent = builder.AddProject<Projects.Kd_CurriculumAgent>("agent")
    .WithHttpEndpoint(name: "http")
    .WithHttpEndpoint(name: "grpc", env: "Endpoints__GrpcPort")
    .WithHttpHealthCheck("/health", endpointName: "http")
    .WithEnvironment("Service__Key", key)
    .WithSettings(settings, "Agent");

builder.AddProject<Projects.Kd_StudentTrainer>("trainer")
    .WithHttpEndpoint(name: "http")
    .WithUrlForEndpoint("http", url => url.DisplayText = "Run page")
    .WithHttpHealthCheck("/health", endpointName: "http")
    .WithSteering(endpointName: "http")
    .WithEnvironment("Service__Key", key)
    .WithReference(teacher.GetEndpoint("grpc"))
    .WithReference(agent.GetEndpoint("grpc"))
    .WithEnvironment("TeacherClient__Address", teacher.GetEndpoint("grpc"))
    .WithEnvironment("AgentClient__Address", agent.GetEndpoint("grpc"))
    .WaitFor(teacher)
    .WaitFor(agent)
    .WithSettings(settings, RunSettings.TrainerSections);

builder.Build().Run();
return Environment.ExitCode;
