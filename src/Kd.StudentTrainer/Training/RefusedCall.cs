using Grpc.Core;

namespace Kd.StudentTrainer.Training;

/// <summary>Turns a call that a service refused for good into an error that says what to do.</summary>
internal static class RefusedCall
{
    /// <param name="service">Which service, as its settings are named: <c>Teacher</c> or <c>Agent</c>.</param>
    /// <param name="address">Where it was called.</param>
    /// <param name="error">Its refusal.</param>
    public static TrainingException Explain(string service, string address, RpcException error)
    {
        var advice = error.StatusCode switch
        {
            StatusCode.Unauthenticated => " Start trainer, teacher and agent with the same Service:Key.",
            StatusCode.Unimplemented => $" Is it another service, or an older version? See {service}Client:Address.",
            StatusCode.InvalidArgument or StatusCode.OutOfRange => " The trainer sent it; the settings of both do not fit together.",
            _ => "",
        };
        return new TrainingException($"{service} at {address} refused the call ({error.StatusCode}): {error.Status.Detail}{advice}", error);
    }
}
