using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Kd.ServiceDefaults.Endpoints;

/// <summary>Lets the probe port serve gRPC health and nothing else: its clients do not prove the services' key.</summary>
/// <param name="port">The probe port. It is compared with the socket's own port, which no header can change.</param>
internal sealed class ProbePortFilter(int port) : IStartupFilter
{
    private const string Health = "/grpc.health.v1.Health";

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) =>
        app =>
        {
            // Before all other middleware, so that no service can be mapped past it.
            app.Use(
                (context, rest) => context.Connection.LocalPort == port && !context.Request.Path.StartsWithSegments(Health) ? Refuse(context) : rest(context)
            );
            next(app);
        };

    private static Task Refuse(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }
}
