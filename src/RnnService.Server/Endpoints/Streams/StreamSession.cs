using System.Net.WebSockets;
using System.Threading.Channels;
using RnnService.AspNetCore.Errors;
using RnnService.AspNetCore.Scheduling;
using RnnService.Engine.Networks;
using RnnService.Server.Requests;

namespace RnnService.Server.Endpoints.Streams;

/// <summary>
/// One stream from its first step to its last answer: reads from the wire as fast as the model computes, and writes as fast as the client reads. What has
/// been sent is answered before the stream ends, whoever ends it.
/// </summary>
/// <param name="wire">The connection.</param>
/// <param name="stream">The stream in the model's queue.</param>
/// <param name="input">Makes steps of what comes.</param>
/// <param name="output">Makes messages of what the model says.</param>
/// <param name="idle">The longest time without a message of the client.</param>
/// <param name="time">The clock.</param>
internal sealed class StreamSession(IStreamWire wire, NumberStream stream, StreamInput input, StreamOutput output, TimeSpan idle, TimeProvider time)
{
    /// <summary>Carries the stream until it ends.</summary>
    /// <param name="stopping">Cancelled when the service stops.</param>
    /// <param name="left">Cancelled when the client has left.</param>
    /// <returns>Why it ended before its client ended it; null where it did not.</returns>
    /// <exception cref="OperationCanceledException">The client has left.</exception>
    public async Task<Exception?> RunAsync(CancellationToken stopping, CancellationToken left)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stopping, left);
        Task<Exception?> reading = ReadAsync(stopping, end.Token);
        Exception? fault = null, broken = null;
        try
        {
            await foreach (StreamedOutputs outputs in stream.Answers(left))
            {
                if (output.Next(outputs) is { } answer) await wire.WriteAsync(answer, left);
            }
        }
        catch (WebSocketException exception)
        {
            broken = exception; // a socket tells its reader alone why it broke
        }
        catch (Exception exception)
        {
            fault = exception;
        }

        await end.CancelAsync(); // the reader waits for nothing any more
        // However it ends: until the reader has, what it reads from is its own.
        Exception? cut = await reading;
        left.ThrowIfCancellationRequested();
        fault ??= cut ?? broken;
        if (fault is null) await wire.WriteAsync(output.Last(), left);
        return fault;
    }

    /// <summary>Hands in steps until the client has sent its last.</summary>
    /// <returns>Why it ended before; null where it did not.</returns>
    private async Task<Exception?> ReadAsync(CancellationToken stopping, CancellationToken end)
    {
        try
        {
            bool isEnd = false;
            while (!isEnd)
            {
                StreamPart part = await NextAsync(end);
                isEnd = part.IsEnd;
                if (part.Bytes.IsEmpty) continue; // such as an empty line
                NumberSequence steps;
                if (part.IsText) (steps, isEnd) = input.OfText(part.Bytes);
                else steps = input.OfBytes(part.Bytes.Span);
                await stream.PushAsync(steps, end);
            }

            await stream.PushAsync(input.End(), end);
            return null;
        }
        catch (OperationCanceledException)
        {
            return stopping.IsCancellationRequested ? ModelNotReadyException.Stopping() : null;
        }
        catch (ChannelClosedException)
        {
            return null; // the stream has ended, and its answers say why
        }
        catch (Exception exception)
        {
            return exception;
        }
        finally
        {
            stream.Complete();
        }
    }

    private async ValueTask<StreamPart> NextAsync(CancellationToken end)
    {
        using var timer = new CancellationTokenSource(idle, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(end, timer.Token);
        try
        {
            return await wire.ReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (timer.IsCancellationRequested && !end.IsCancellationRequested)
        {
            throw new RequestProblem(ProblemKind.BodyTimeout, $"nothing came for {idle.TotalSeconds:0} seconds; expected steps, or the end");
        }
    }
}
