using System.Security.Cryptography;
using System.Text;
using Kd.ServiceDefaults.Security;
using Kd.Settings;
using Microsoft.Extensions.Options;

namespace Kd.StudentTrainer.Api;

/// <summary>Lets only those use the page and the API who know its token; other users of the machine and pages of other sites do not.</summary>
/// <remarks>
/// The token comes in the address that the trainer prints, then in a cookie; programs send it as a bearer token. Health checks and scalers need none.
/// </remarks>
internal sealed class PageAccess(RequestDelegate next, IOptions<ServiceKeyOptions> key)
{
    private static readonly PathString[] s_open = ["/health", "/alive", ScaleApi.Path];
    private readonly string _token = PageToken.Of(key.Value.Key);

    public Task InvokeAsync(HttpContext context)
    {
        var request = context.Request;
        if (s_open.Any(path => request.Path == path))
            return next(context);
        // A browser adds the origin of the page that sends the request, also to WebSockets, which no other rule of browsers protects.
        if (request.Headers.Origin is [{ } origin] && !(Uri.TryCreate(origin, UriKind.Absolute, out var from) && from.Authority == request.Host.Value))
            return RefuseAsync(
                context,
                StatusCodes.Status403Forbidden,
                $"The origin '{origin}' is not this service ({request.Host}); pages of other sites cannot use it."
            );
        if (IsToken(request.Cookies[CookieOf(request)]) || IsToken(BearerOf(request)))
            return next(context);
        if (HttpMethods.IsGet(request.Method) && IsToken(request.Query[PageToken.Query]))
            return LetInAsync(context);
        return RefuseAsync(
            context,
            StatusCodes.Status401Unauthorized,
            "The run page and its API need a token. Open the address that the host or trainer printed as 'Run page', or send its token as "
                + "'Authorization: Bearer TOKEN'."
        );
    }

    // Cookies are shared by all ports of a host name, so that two trainers need two names.
    private static string CookieOf(HttpRequest request) => $"kd-page-{request.Host.Port ?? 80}";

    private static string? BearerOf(HttpRequest request) =>
        request.Headers.Authorization is [{ } value] && value.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? value["Bearer ".Length..] : null;

    private bool IsToken(string? given) =>
        given is not null && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given), Encoding.UTF8.GetBytes(_token));

    // The token leaves the address, so that it does not end up in bookmarks and screenshots.
    private Task LetInAsync(HttpContext context)
    {
        var request = context.Request;
        context.Response.Cookies.Append(CookieOf(request), _token, new CookieOptions { HttpOnly = true, SameSite = SameSiteMode.Strict });
        var rest = QueryString.Create(request.Query.Where(parameter => parameter.Key != PageToken.Query));
        context.Response.Redirect($"/{request.Path.Value?.TrimStart('/')}{rest}");
        return Task.CompletedTask;
    }

    private static Task RefuseAsync(HttpContext context, int status, string detail) =>
        (
            context.Request.Path.StartsWithSegments("/api", StringComparison.Ordinal)
                ? Results.Problem(detail, statusCode: status)
                : Results.Text(detail, statusCode: status)
        ).ExecuteAsync(context);
}
