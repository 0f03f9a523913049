using RnnService.AspNetCore.Models;
using RnnService.AspNetCore.Scheduling;
using RnnService.Engine.Models;
using RnnService.Server.Options;

namespace RnnService.Server.Endpoints;

/// <summary>Writes down what is heard.</summary>
internal static class TranscribeEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        LimitOptions limits = routes.ServiceProvider.GetRequiredService<LimitOptions>();
        routes.MapInference("/transcribe", call => AnswerAsync(call, limits))
            .WithName("transcribe")
            .WithSummary("Write down a sound")
            .WithDescription(
                "The body is a WAV file (PCM or floats that are not compressed, any rate, channels mixed down) with the type audio/wav, and ?model= names a transcriber, "
                + "?details=true asks for symbols; or JSON with sequences of numbers. One is answered with an object, a list with a list.")
            .WithTags("Numbers")
            .Accepts<TranscribeRequest>("application/json", NumberQuestion.SoundTypes)
            .Produces<Transcription>()
            .WithMetadata(new RequestExample(NumberExample.Transcribe), new AnswerExample(NumberExample.Transcribed))
            .WithMetadata(new AnswersTexts(typeof(Transcription), OrOne: true));
    }

    public static async Task<IResult> AnswerAsync(InferenceCall call, LimitOptions limits)
    {
        NumberQuestion<TranscribeRequest> question = await NumberQuestion.ReadAsync<TranscribeRequest>(call, limits);
        TranscribeParameters? asked = question.Json is { } json ? json.Parameters : new() { Details = NumberQuestion.WantsDetails(call.Context.Request) };
        var served = await call.ModelAsync<ServedTranscriber>(question.Name);
        bool details = asked?.Details ?? false;
        TextAnswers<float[]> outputs = await question.ComputeAsync(call, served, limits,
            (_, steps) => NumberAnswers.BytesOfText(served.Model, steps) + (details ? steps * NumberAnswers.BytesOfStep : 0));
        TextAnswers<Transcript> heard = await NumberAnswers.HeardAsync(call, served.Model, outputs, (int)(asked?.Beams ?? 1));
        return question.Answer(heard, (one, _) => NumberAnswers.Heard(one, served.Sound, details));
    }
}
