using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kd.Training.Reports;

/// <summary>Renders Razor components as static HTML.</summary>
internal static class ReportRenderer
{
    /// <summary>Renders a component.</summary>
    /// <typeparam name="T">The component.</typeparam>
    /// <param name="parameters">Parameters of the component by name.</param>
    /// <returns>The HTML.</returns>
    public static string Render<T>(Dictionary<string, object?> parameters)
        where T : IComponent => RenderAsync<T>(parameters).GetAwaiter().GetResult();

    private static async Task<string> RenderAsync<T>(Dictionary<string, object?> parameters)
        where T : IComponent
    {
        await using var services = new ServiceCollection().BuildServiceProvider();
        await using var renderer = new HtmlRenderer(services, NullLoggerFactory.Instance);
        return await renderer.Dispatcher.InvokeAsync(async () =>
            (await renderer.RenderComponentAsync<T>(ParameterView.FromDictionary(parameters))).ToHtmlString()
        );
    }
}
