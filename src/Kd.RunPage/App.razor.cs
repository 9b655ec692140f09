using System.Reflection;
using Microsoft.AspNetCore.Components.Web;

namespace Kd.RunPage;

/// <summary>The document around all pages.</summary>
public sealed partial class App
{
    // Not prerendered: what is clicked before the page is connected would be lost.
    private static readonly InteractiveServerRenderMode s_live = new(prerender: false);

    // The host's bundle of the styles of all components.
    private static string HostStyles => $"{Assembly.GetEntryAssembly()?.GetName().Name}.styles.css";
}
