using System.Net;
using System.Net.WebSockets;
using Kd.Settings;
using Kd.Tests;
using Microsoft.AspNetCore.Builder;

namespace Kd.StudentTrainer.Tests.Api;

/// <summary>Tests who may use the page and the API of a real trainer.</summary>
[Collection(nameof(OneTrainer))]
public sealed class PageAccessTests : IAsyncLifetime
{
    private static readonly string s_token = PageToken.Of(RunningService.Key);
    private readonly TemporaryFolder _folder = TestFiles.CreateFolder();
    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });
    private WebApplication _trainer = null!;

    public async ValueTask InitializeAsync()
    {
        _trainer = TrainerRuns.Build(_folder.Path, "run", "--Run:Task=serve", "--Distillation:Method=labels");
        await _trainer.StartAsync(TestContext.Current.CancellationToken);
        _http.BaseAddress = new Uri(_trainer.Urls.First());
    }

    public async ValueTask DisposeAsync()
    {
        await _trainer.StopAsync(TestContext.Current.CancellationToken);
        await _trainer.DisposeAsync();
        _http.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("/", null, HttpStatusCode.Unauthorized)]
    [InlineData("/api/run", null, HttpStatusCode.Unauthorized)]
    [InlineData("/openapi/v1.json", null, HttpStatusCode.Unauthorized)]
    [InlineData("/_blazor", null, HttpStatusCode.Unauthorized)]
    [InlineData("/health/../api/run", null, HttpStatusCode.Unauthorized)]
    // Its accuracy and loss are a run's results.
    [InlineData("/metrics", null, HttpStatusCode.Unauthorized)]
    [InlineData("/scale/x", null, HttpStatusCode.Unauthorized)]
    [InlineData("/scale", null, HttpStatusCode.OK)]
    [InlineData("/api/run?token=wrong", null, HttpStatusCode.Unauthorized)]
    [InlineData("/api/run", "Bearer wrong", HttpStatusCode.Unauthorized)]
    [InlineData("/api/run", "Bearer " + RunningService.Key, HttpStatusCode.Unauthorized)]
    [InlineData("/health", null, HttpStatusCode.OK)]
    [InlineData("/alive", null, HttpStatusCode.OK)]
    public async Task Get_WithoutTheToken_IsRefusedExceptHealthAndScale(string path, string? authorization, HttpStatusCode expected)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation("Authorization", authorization);

        using var response = await _http.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(expected, response.StatusCode);
        if (expected == HttpStatusCode.Unauthorized)
            Assert.Contains("Run page", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Get_AddressWithTheToken_SetsACookieAndLeavesTheTokenOut()
    {
        using var entry = await _http.GetAsync(new Uri($"/run?name=a%26b&token={s_token}", UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.Redirect, entry.StatusCode);
        Assert.Equal("/run?name=a%26b", entry.Headers.Location!.OriginalString);
        var cookie = entry.Headers.GetValues("Set-Cookie").Single();
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/run");
        request.Headers.Add("Cookie", cookie.Split(';')[0]);
        using var response = await _http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    // An address that would lead to another site.
    [Fact]
    public async Task Get_PathThatLooksLikeAHost_StaysHere()
    {
        using var entry = await _http.GetAsync(
            new Uri($"{_http.BaseAddress}/elsewhere.example/?token={s_token}", UriKind.Absolute),
            TestContext.Current.CancellationToken
        );

        Assert.Equal("/elsewhere.example/", entry.Headers.Location!.OriginalString);
    }

    // Browsers protect WebSockets by no rule of their own, and cookies go to all ports of a host name.
    [Theory]
    [InlineData("http://elsewhere.example", false)]
    [InlineData("http://127.0.0.1:1", false)]
    [InlineData("null", false)]
    [InlineData(null, true)]
    public async Task WebSocket_FromAnotherOrigin_IsRefusedEvenWithTheToken(string? origin, bool connects)
    {
        using var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        socket.Options.SetRequestHeader("Authorization", $"Bearer {s_token}");
        socket.Options.SetRequestHeader("Origin", origin ?? _http.BaseAddress!.GetLeftPart(UriPartial.Authority));
        var address = new UriBuilder(_http.BaseAddress!) { Scheme = "ws", Path = "/_blazor" }.Uri;

        if (connects)
            await socket.ConnectAsync(address, TestContext.Current.CancellationToken);
        else
            await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(address, TestContext.Current.CancellationToken));

        Assert.Equal(connects ? HttpStatusCode.SwitchingProtocols : HttpStatusCode.Forbidden, socket.HttpStatusCode);
    }
}
