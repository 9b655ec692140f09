using Kd.AppHost.Access;
using Kd.AppHost.Hosting;
using Kd.AppHost.Settings;
using Kd.AppHost.Trainer;
using Kd.Settings;

if (!RunSettings.TryRead(args, out var settings))
    return RunSettings.UsageError;

var builder = DistributedApplication.CreateBuilder(new DistributedApplicationOptions { Args = args, DashboardApplicationName = "Kd.Aspire" }).AddRunHost();

// The services share this key and refuse calls without it.
var key = builder.AddServiceKey();

// Runs that learn from label shards need neither.
var teachers = settings.UsesTeachers ? builder.AddTeachers(settings, key, builder.AddCache(settings)) : [];

var agent = builder
    .AddProject<Projects.Kd_CurriculumAgent>(SharedNames.Agent)
    .WithGrpcEndpoints(key)
    .WithSettings(settings.Variables([AgentOptions.Section]))
    .WithIconName("BrainCircuit");

var trainer = builder
    .AddProject<Projects.Kd_StudentTrainer>(SharedNames.Trainer)
    .WithRunPage(key)
    .WithTraining(settings, teachers, agent)
    .WithTrainerCommands(key)
    .WithIconName("Dumbbell");

builder.AddWorkers(settings, key, teachers, agent, trainer);

return await builder.Build().RunToEndAsync();
