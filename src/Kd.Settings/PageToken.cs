using System.Security.Cryptography;
using System.Text;

namespace Kd.Settings;

/// <summary>The secret of the run page and its API. It follows from the services' key, from which only the host and the services can derive it.</summary>
public static class PageToken
{
    /// <summary>Name of the query parameter that carries it in the page's address.</summary>
    public const string Query = "token";

    private const int Length = 32;

    /// <summary>Derives the token: the first 32 hexadecimal digits of an HMAC-SHA256.</summary>
    /// <param name="serviceKey">The setting <c>Service:Key</c>.</param>
    public static string Of(string serviceKey) => Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(serviceKey), "kd run page"u8))[..Length];

    /// <summary>Adds a token to an address without a query.</summary>
    public static string AddTo(string address, string token) => $"{address}?{Query}={token}";
}
