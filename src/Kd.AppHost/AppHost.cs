using Kd.AppHost.Hosting;
using Kd.AppHost.Settings;
using Kd.AppHost.Trainer;

if (!RunSettings.TryRead(args, out var settings))
    return RunSettings.UsageError;

var builder = DistributedApplication.CreateBuilder(new DistributedApplicationOptions { Args = args, DashboardApplicationName = "Kd.Aspire" }).AddRunHost();

// The key that the services share; a call without it is refused.
var key = builder.AddParameter("service-key", new GenerateParameterDefault { MinLength = 32, Special = false }, secret: true);

var cache = builder.AddCache(settings);

var teacher = builder
    .AddProject<Projects.Kd_TeacherService>("teacher")
    .WithGrpcEndpoints(key)
    .WithCache(cache)
    .WithReplicas(settings.TeacherReplicas)
    .WithSettings(settings, "Teacher", "Batching", "Cache", "Dataset", "Device")
    .WithIconName("HatGraduation");

var agent = builder.AddProject<Projects.Kd_CurriculumAgent>("agent").WithGrpcEndpoints(key).WithSettings(settings, "Agent").WithIconName("BrainCircuit");

builder
    .AddProject<Projects.Kd_StudentTrainer>("trainer")
    .WithRunPage(key)
    .WithGrpcAddress("TeacherClient__Address", teacher)
    .WithGrpcAddress("AgentClient__Address", agent)
    .WaitFor(teacher)
    .WaitFor(agent)
    .WithTrainerCommands()
    .WithSettings(settings, RunSettings.TrainerSections)
    .WithIconName("Dumbbell");

return await builder.Build().RunToEndAsync();
