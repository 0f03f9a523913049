using System.Runtime.ExceptionServices;
using RnnService.AspNetCore.Models;
using RnnService.AspNetCore.Scheduling;
using RnnService.Audio;
using RnnService.Server.Keys;
using RnnService.Server.Options;
using RnnService.Server.Requests;

namespace RnnService.Server.Endpoints.Streams;

/// <summary>Reads numbers and sound while they come.</summary>
internal sealed class StreamEndpoints(LimitOptions limits, HttpOptions http, RequestReader reader, Readiness readiness, TimeProvider time)
{
    private const string Route = $"/stream/{{{InferenceCall.NameInPath}}}";

    private const string Example = """{"end": true}""";

    private const string Answer = """{"steps": 0, "final": true, "text": ""}""";

    public void Map(IEndpointRouteBuilder routes)
    {
        var path = routes.ServiceProvider.GetRequiredService<InferencePath>();
        routes.MapInference(Route, AnswerAsync, endsWithRequest: true)
            .WithName("stream")
            .WithSummary("Read numbers or sound while they come")
            .WithDescription(
                "The body grows: lines of JSON as application/x-ndjson, or bytes as application/octet-stream (?format=s16le or f32le, ?rate= samples a second). The answers "
                + "are lines, or events where text/event-stream is accepted, and come while the client still sends: labels so far, a label a step, values, the next "
                + "steps, or a text that grows, as the model's task is. What comes in pieces is answered as the whole would be. Models that read in both directions are "
                + "refused. GET takes the same over a WebSocket: text messages are JSON, binary ones bytes.")
            .WithTags("Numbers")
            .WithMetadata(new GrowingBody(typeof(StreamRequest), BodyWire.Types))
            .Produces<StreamAnswer>(StatusCodes.Status200OK, BodyWire.Lines)
            .WithMetadata(new PathExample(InferenceCall.NameInPath, "digits", "Name of the model."))
            .WithMetadata(new QueryChoice(StreamFormat.FormatQuery, "What bytes are: signed 16 bits, which is what sound is when left out, or floats of 32 bits, which numbers are always; the lowest byte first.", StreamFormat.Pcm, StreamFormat.Float))
            .WithMetadata(new QueryExample(StreamFormat.RateQuery, "Samples a second of sound; the model's own when left out.", Sound.LeastRate, Sound.MostRate))
            .WithMetadata(new RequestExample(Example), new AnswerExample(Answer));
        Delegate socket = (HttpContext context) => path.AnswerAsync(context, AnswerAsync, endsWithRequest: true);
        // Over HTTP/2 a WebSocket is a CONNECT. OpenAPI knows neither.
        routes.MapMethods(Route, [HttpMethods.Get, HttpMethods.Connect], socket).ExcludeFromDescription();
    }

    private async Task<IResult> AnswerAsync(InferenceCall call)
    {
        HttpContext context = call.Context;
        ServedNumbers served = await ModelAsync(call);
        bool isSocket = context.WebSockets.IsWebSocketRequest;
        if (!isSocket && !HttpMethods.IsPost(context.Request.Method))
            throw new RequestProblem(ProblemKind.Malformed, "the request is no WebSocket's; expected an upgrade to one, or POST with a body that grows");
        if (isSocket) SocketOrigin.ThrowIfForeign(context, http);
        else BodyWire.CheckBody(context.Request);
        StreamFormat format = StreamFormat.Of(context.Request, served);
        var input = new StreamInput(served, format, reader);
        using NumberStream stream = call.Open(served.Streams!);
        await using IStreamWire wire = isSocket
            ? new WebSocketWire(await context.WebSockets.AcceptWebSocketAsync(SocketProtocols.Chosen(context)), limits.MaxStreamMessageBytes)
            : new BodyWire(context, limits.MaxStreamMessageBytes);
        var session = new StreamSession(wire, stream, input, StreamOutput.Of(served), TimeSpan.FromSeconds(http.StreamIdleSeconds), time);
        CancellationToken left = call.Deadline.Token;
        if (await session.RunAsync(readiness.Stopping, left) is { } fault)
        {
            RequestFacts facts = RequestFacts.Of(context);
            // A fault of the service goes to its log, as any request's does, and nothing of it to the client.
            RequestProblem? problem = InferenceProblems.Of(fault, facts.Models);
            if (problem is null || !wire.HasAnswered) ExceptionDispatchInfo.Throw(fault);
            facts.Failure = problem.Kind.ErrorType;
            await wire.WriteAsync(StreamFault.Of(problem), left);
            await wire.CloseAsync(problem, left);
        }
        else
        {
            await wire.CloseAsync(null, left);
        }

        return Results.Empty;
    }

    private static async Task<ServedNumbers> ModelAsync(InferenceCall call)
    {
        ServedModel served = await call.ModelAsync();
        if (served is not ServedNumbers numbers) throw RequestProblem.Of(ProblemKind.Validation, "model", $"{RequestProblem.Quoted(served.Name)} reads texts; expected a model that reads numbers");
        return numbers.WhyNoStreams is { } reason ? throw RequestProblem.Of(ProblemKind.Validation, "model", $"{RequestProblem.Quoted(served.Name)} {reason}") : numbers;
    }
}
