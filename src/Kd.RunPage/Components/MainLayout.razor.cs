namespace Kd.RunPage.Components;

/// <summary>The frame of all pages: a side bar, on a phone a top bar, and the page.</summary>
public sealed partial class MainLayout;
