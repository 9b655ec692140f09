using System.Globalization;
using System.Runtime.InteropServices;
using Google.Protobuf;
using Grpc.Core;
using Kd.Protocol.Teacher.V1;
using Kd.ServiceDefaults.Connections;
using Kd.Settings;
using Kd.TeacherService.Batching;
using Kd.TeacherService.Diagnostics;
using Kd.TeacherService.Labeling;
using Kd.TeacherService.Model;
using Kd.Vision.Views;
using Microsoft.Extensions.Options;

namespace Kd.TeacherService.Grpc;

/// <summary>Adapts the labeler to gRPC: checks requests, maps messages and status codes.</summary>
internal sealed class TeacherGrpcService(Labeler labeler, IOptions<TeacherOptions> options, TeacherMetrics metrics) : Teacher.TeacherBase
{
    public override Task<DescribeReply> Describe(DescribeRequest request, ServerCallContext context) =>
        Answer(() =>
        {
            var model = labeler.Model;
            var description = model.Description;
            return Task.FromResult(
                new DescribeReply
                {
                    TeacherId = description.Id,
                    Architecture = description.Architecture,
                    Classes = { model.Classes.Classes },
                    Precision = description.Precision,
                    LargestCall = options.Value.LargestCall,
                    Weights = description.Weights,
                    Device = model.Device,
                    Parameters = description.Parameters,
                    InputSize = description.InputSize,
                }
            );
        });

    public override Task<LookupReply> Lookup(LookupRequest request, ServerCallContext context) =>
        Answer(async () =>
        {
            CheckTeacher(request.TeacherId);
            var views = ReadViews(request.ViewIds);
            var found = await labeler.LookupAsync(views, request.StoredOnly, context.CancellationToken);
            metrics.SentBytes.Add(found.Logits.Length);
            return new LookupReply
            {
                Logits = UnsafeByteOperations.UnsafeWrap(found.Logits),
                Missing = { found.Missing },
                Classes = labeler.Model.Classes.Classes.Count,
                TeacherId = labeler.Model.Description.Id,
            };
        });

    public override Task<LabelReply> Label(LabelRequest request, ServerCallContext context) =>
        Answer(async () =>
        {
            CheckTeacher(request.TeacherId);
            var views = ReadViews(request.ViewIds);
            if (request.Height != request.Width || request.Height is < 8 or > CallLimits.LargestSide)
                throw Invalid($"height {request.Height} and width {request.Width} must be equal, 8 to {CallLimits.LargestSide} px");
            var description = labeler.Model.Description;
            if (description.HasFixedSize && request.Height != description.InputSize)
                throw Invalid(
                    $"the views have {request.Height} px, but the teacher {description.Weights} takes {description.InputSize} px only; "
                        + $"set Views:Size={description.InputSize}"
                );
            var expected = (long)views.Length * ViewRenderer.ByteCount(request.Height);
            if (request.Pixels.Length != expected)
                throw Invalid($"pixels has {request.Pixels.Length} bytes; {views.Length} views of {request.Height} px need {expected} (uint8 RGB)");
            metrics.ReceivedBytes.Add(expected);
            var call = new LabelCall
            {
                Views = views,
                Pixels = request.Pixels.Memory,
                Size = request.Height,
                Store = !request.DoNotStore,
                IsRetry = context.RequestHeaders.GetValue(PatientCall.AttemptHeader) is not null,
                Client = ClientOf(context),
            };
            var logits = await labeler.LabelAsync(call, context.CancellationToken);
            metrics.SentBytes.Add(2L * logits.Length);
            return new LabelReply
            {
                Logits = ToBytes(logits),
                Classes = labeler.Model.Classes.Classes.Count,
                TeacherId = labeler.Model.Description.Id,
            };
        });

    // One client may have several connections.
    private static string ClientOf(ServerCallContext context) => context.RequestHeaders.GetValue(ReplicaName.ClientHeader) ?? context.Peer;

    // Replicas behind one address may have been started with different weights, or one of them again with others.
    private void CheckTeacher(string id)
    {
        var own = labeler.Model.Description.Id;
        if (id.Length > 0 && id != own)
            throw new RpcException(
                new Status(
                    StatusCode.FailedPrecondition,
                    $"The run uses teacher {id}, but {ReplicaName.Own} serves teacher {own}. Start all replicas with the same weights and settings."
                )
            );
    }

    private ViewId[] ReadViews(ByteString ids)
    {
        if (ids.Length == 0 || ids.Length % ViewId.Length != 0)
            throw Invalid($"view_ids has {ids.Length} bytes, expected a positive multiple of {ViewId.Length}");
        var count = ids.Length / ViewId.Length;
        if (count > options.Value.LargestCall)
            throw Invalid($"view_ids names {count} views, allowed are {options.Value.LargestCall} a call (Teacher:LargestCall)");
        var views = new ViewId[count];
        for (var i = 0; i < count; i++)
            views[i] = ViewId.Read(ids.Span.Slice(i * ViewId.Length, ViewId.Length));
        return views;
    }

    private static async Task<T> Answer<T>(Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (Exception error) when (error is TeacherNotReadyException or TeacherStoppingException)
        {
            throw new RpcException(new Status(StatusCode.Unavailable, error.Message));
        }
        catch (UnusableLogitsException error)
        {
            throw new RpcException(new Status(StatusCode.FailedPrecondition, error.Message));
        }
        catch (PassFailedException error)
        {
            // Another replica may succeed, and this one once it has been started again.
            throw new RpcException(new Status(StatusCode.Unavailable, error.Message));
        }
        catch (TeacherBusyException error)
        {
            // Defined by gRPC's retry design (gRFC A6).
            var hint = new Metadata { { "grpc-retry-pushback-ms", error.RetryAfter.TotalMilliseconds.ToString("F0", CultureInfo.InvariantCulture) } };
            throw new RpcException(new Status(StatusCode.ResourceExhausted, error.Message), hint);
        }
    }

    private static RpcException Invalid(string problem) => new(new Status(StatusCode.InvalidArgument, problem + "."));

    private static ByteString ToBytes(Half[] values) => ByteString.CopyFrom(MemoryMarshal.AsBytes(values.AsSpan()));
}
