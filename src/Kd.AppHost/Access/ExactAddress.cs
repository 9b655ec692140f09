namespace Kd.AppHost.Access;

/// <summary>Addresses that leave no choice: "localhost" may lead to ::1 first, where another user's program may listen.</summary>
internal static class ExactAddress
{
    /// <summary>Gets the address of an endpoint by number, such as http://127.0.0.1:41773.</summary>
    public static async ValueTask<string> GetExactUrlAsync(this EndpointReference endpoint, CancellationToken cancellation) =>
        $"{endpoint.Scheme}://{await Get(endpoint, EndpointProperty.IPV4Host, cancellation)}:{await Get(endpoint, EndpointProperty.Port, cancellation)}";

    private static ValueTask<string?> Get(EndpointReference endpoint, EndpointProperty property, CancellationToken cancellation) =>
        endpoint.Property(property).GetValueAsync(cancellation);
}
