using System.ComponentModel.DataAnnotations;
using Kd.ServiceDefaults.Settings;
using Kd.Settings;
using Kd.Tests;
using Microsoft.AspNetCore.Builder;

namespace Kd.ServiceDefaults.Tests.Settings;

public sealed class SettingsTests
{
    [Theory]
    [InlineData("--Oven:Heat=500", "Oven:Heat is '500'", "between 50 and 300")]
    [InlineData("--Oven:Heat=hot", "Oven:Heat is 'hot'", "Int32")]
    [InlineData("--Oven:Mode=Boil", "Oven:Mode is 'Boil'", "one of Bake, Grill")]
    [InlineData("--Oven:Haet=100", "Oven:Haet is not a setting", "Heat, Mode, Pause")]
    [InlineData("--Oven:Pause=00:00:00", "Oven:Pause is '00:00:00'", "between 00:00:01 and 01:00:00")]
    [InlineData("--Service:Key=short", "Service:Key is not valid", "at least 16 characters")]
    [InlineData("--Service:Key=", "Service:Key is not valid", "Service__Key")]
    [InlineData("--urls=https://localhost:1", "https://localhost:1", "http://HOST:PORT")]
    public async Task Start_WrongSetting_EndsWithItsNameItsValueAndWhatWasExpected(string argument, string name, string expected)
    {
        string? message = null;
        try
        {
            await using var app = Build([$"--urls=http://127.0.0.1:{RunningService.FreePort()}", $"--Service:Key={RunningService.Key}", argument]);
            await app.StartAsync(TestContext.Current.CancellationToken);
            await app.StopAsync(TestContext.Current.CancellationToken);
        }
        catch (Exception error)
        {
            message = ServiceProgram.FindUserError(error);
        }

        Assert.NotNull(message);
        Assert.Contains(name, message);
        Assert.Contains(expected, message);
        // A secret does not belong on a screen or in a log.
        Assert.DoesNotContain("short", message);
    }

    [Fact]
    public async Task Start_SeveralWrongSettings_ReportsAll()
    {
        await using var app = Build([
            $"--urls=http://127.0.0.1:{RunningService.FreePort()}",
            $"--Service:Key={RunningService.Key}",
            "--Oven:Heat=1",
            "--Oven:Pause=02:00:00",
        ]);
        var error = await Assert.ThrowsAsync<SettingsException>(() => app.StartAsync(TestContext.Current.CancellationToken));
        Assert.Equal(["Oven:Heat", "Oven:Pause"], error.Problems.Select(problem => problem.Name));
    }

    [Fact]
    public async Task RunAsync_UsersMistake_GivesItsExitCode() =>
        Assert.Equal(ServiceProgram.UsageError, await ServiceProgram.RunAsync(() => throw new SettingsException("Oven:Heat", "wrong")));

    [Fact]
    public async Task RunAsync_OurMistake_IsNotHidden() =>
        await Assert.ThrowsAsync<InvalidTimeZoneException>(() => ServiceProgram.RunAsync(() => throw new InvalidTimeZoneException()));

    [Fact]
    public async Task RunAsync_PortIsTaken_EndsWithoutAnException()
    {
        await using var first = await RunningService.StartAsync(Build);
        Assert.Equal(1, await ServiceProgram.RunAsync(() => Build([$"--urls=http://127.0.0.1:{first.Http.Port}", $"--Service:Key={RunningService.Key}"])));
    }

    [Fact]
    public async Task RunAsync_SignalBeforeTheStart_EndsWithoutAnException() =>
        Assert.Equal(
            1,
            await ServiceProgram.RunAsync(() =>
            {
                var app = Build([$"--urls=http://127.0.0.1:{RunningService.FreePort()}", $"--Service:Key={RunningService.Key}"]);
                app.Lifetime.StopApplication();
                return app;
            })
        );

    private static WebApplication Build(string[] args)
    {
        var builder = ServiceDefaultsExtensions.CreateService(args).AddGrpcDefaults();
        builder.Services.AddSection<OvenOptions>("Oven");
        return builder.Build();
    }

    private sealed class OvenOptions
    {
        [Range(50, 300)]
        public int Heat { get; set; } = 180;

        public OvenMode Mode { get; set; }

        [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
        public TimeSpan Pause { get; set; } = TimeSpan.FromMinutes(1);
    }

    private enum OvenMode
    {
        Bake,
        Grill,
    }
}
