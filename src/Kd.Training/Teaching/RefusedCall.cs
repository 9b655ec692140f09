using Grpc.Core;
using Kd.ServiceDefaults.Connections;
using Kd.Training.Diagnostics;

namespace Kd.Training.Teaching;

/// <summary>Turns the refusal of a call, which a retry cannot help, into an error that says what to do.</summary>
internal static class RefusedCall
{
    /// <summary>Creates the error.</summary>
    /// <param name="service">The service as it is named in settings: <c>Teacher</c> or <c>Agent</c>.</param>
    /// <param name="address">Address of the service.</param>
    /// <param name="error">The refusal.</param>
    public static TrainingException Explain(string service, string address, RpcException error)
    {
        if (PatientCall.IsUnproven(error))
            return new TrainingException(
                $"{service} at {address}: the program that listens there does not prove the services' key. Start trainer, teacher and agent with the same "
                    + "Service:Key, and check that no other program uses that port.",
                error
            );
        var advice = error.StatusCode switch
        {
            StatusCode.Unimplemented => $" It may be another service or an older version; check {service}Client:Address.",
            StatusCode.InvalidArgument or StatusCode.OutOfRange => " The trainer sent an invalid request; the settings of the two services do not match.",
            _ => "",
        };
        return new TrainingException($"{service} at {address} refused the call ({error.StatusCode}): {error.Status.Detail}{advice}", error);
    }
}
