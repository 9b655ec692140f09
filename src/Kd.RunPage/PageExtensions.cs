using Kd.RunPage.Tracing;
using Radzen;

namespace Kd.RunPage;

internal static class PageExtensions
{
    /// <summary>Adds the run page. Everything that it needs comes from this program: no other site is asked.</summary>
    public static void AddRunPage(this WebApplicationBuilder builder)
    {
        // The files of the component library lie in the package cache until the program is published.
        builder.WebHost.UseStaticWebAssets();
        builder.Services.AddRazorComponents().AddInteractiveServerComponents();
        builder.Services.AddRadzenComponents();
        builder.Services.AddSingleton<SpanRecorder>();
        // From the start on: the first epoch counts too.
        builder.Services.AddHostedService(provider => provider.GetRequiredService<SpanRecorder>());
    }

    /// <summary>Maps it to <c>/</c>.</summary>
    public static void MapRunPage(this WebApplication app)
    {
        app.UseStaticFiles();
        app.UseAntiforgery();
        app.MapRazorComponents<App>().AddInteractiveServerRenderMode();
    }
}
