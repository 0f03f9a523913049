using System.Runtime.InteropServices;
using RnnService.AspNetCore.Models;
using RnnService.AspNetCore.Scheduling;
using RnnService.Audio;
using RnnService.Engine.Networks;
using RnnService.Server.Options;
using RnnService.Server.Requests;

namespace RnnService.Server.Endpoints;

/// <summary>
/// What a route that takes numbers was sent: sequences in JSON, or one sound as its body, as Hugging Face's clients send it. Bodies are compared with
/// what the model reads before anything is computed.
/// </summary>
/// <param name="Json">The request in JSON; null for a sound.</param>
/// <param name="Sound">The sound; null for JSON.</param>
/// <param name="Name">The model asked for; null for none.</param>
internal sealed record NumberQuestion<T>(T? Json, Sound? Sound, string? Name)
    where T : class, INumbersRequest
{
    /// <summary>Whether the answer is to be a list.</summary>
    public bool IsList => Json?.Inputs.IsList ?? false;

    /// <summary>Has the sequences computed.</summary>
    /// <param name="call">The request.</param>
    /// <param name="served">The model.</param>
    /// <param name="limits">What one request may ask for.</param>
    /// <param name="bytesOfAnswer">About the bytes of the answer, by how many sequences and steps there are.</param>
    /// <exception cref="RequestProblem">The model does not read them, or there is no room for the answer.</exception>
    public async ValueTask<TextAnswers<float[]>> ComputeAsync(InferenceCall call, ServedNumbers served, LimitOptions limits, Func<int, long, long> bytesOfAnswer)
    {
        long most = Json is { } json ? json.Inputs.Items.Sum(sequence => (long)sequence.Steps) : NumberQuestion.MostStepsOf(Sound!, served);
        await call.HoldAnswerAsync(bytesOfAnswer(Json?.Inputs.Items.Count ?? 1, Math.Min(most, limits.MaxRequestTokens)));
        return await call.ComputeAsync(served.Batcher, () =>
        {
            IReadOnlyList<NumberSequence> sequences = Json?.Inputs.Items ?? [NumberQuestion.StepsOf(Sound!, served)];
            for (int i = 0; i < sequences.Count; i++) NumberQuestion.CheckFeatures(sequences[i], served, NumberQuestion.PlaceOf(i, IsList));
            NumberQuestion.CheckTotal(sequences, limits);
            return sequences;
        });
    }

    /// <summary>The answers to the sequences as the body of an answer: one of them, or a list.</summary>
    public IResult Answer<TOutput, TAnswer>(TextAnswers<TOutput> outputs, Func<TOutput, int, TAnswer> answer)
        where TAnswer : class
    {
        object[] answers = ListAnswer.Of(outputs, "inputs", answer);
        return IsList ? Requests.Json.Answer(answers) : Requests.Json.Answer(answers[0]);
    }
}

/// <summary>Reads and checks what a route that takes numbers was sent.</summary>
internal static class NumberQuestion
{
    public const string Wav = "audio/wav", Bytes = "application/octet-stream", ModelQuery = "model", DetailsQuery = "details";

    /// <summary>Types of bodies that are sounds, by all the names that WAV files go by; bytes of no type are taken for one too.</summary>
    public static readonly string[] SoundTypes = [Wav, "audio/x-wav", "audio/wave", "audio/vnd.wave", Bytes];

    /// <summary>Whether a body is sent as a sound, by its type.</summary>
    public static bool IsSound(HttpRequest request)
    {
        if (request.ContentType is not { } sent || sent == "application/json") return false;
        foreach (string type in SoundTypes) // of nearly every request: allocates nothing
        {
            if (sent.StartsWith(type, StringComparison.OrdinalIgnoreCase)) return true;
        }

        return false;
    }

    /// <summary>Reads a request of numbers or a sound.</summary>
    /// <exception cref="RequestProblem">It is neither.</exception>
    public static async ValueTask<NumberQuestion<T>> ReadAsync<T>(InferenceCall call, LimitOptions limits)
        where T : class, INumbersRequest
    {
        if (IsSound(call.Context.Request)) return await ReadSoundAsync<T>(call, limits);
        T request = await call.ReadAsync<T>();
        return new NumberQuestion<T>(request, null, request.Model);
    }

    /// <summary>Reads a sound.</summary>
    /// <exception cref="RequestProblem">It is none that can be read.</exception>
    public static async ValueTask<NumberQuestion<T>> ReadSoundAsync<T>(InferenceCall call, LimitOptions limits)
        where T : class, INumbersRequest
    {
        HttpRequest request = call.Context.Request;
        Sound sound = await call.ReadAsync((bytes, _) => Read(bytes, limits));
        string name = request.Query[ModelQuery].ToString();
        return new NumberQuestion<T>(null, sound, name.Length > 0 ? name : null);
    }

    /// <summary>Whether the query asks for details.</summary>
    /// <exception cref="RequestProblem">It says something else.</exception>
    public static bool WantsDetails(HttpRequest request) => request.Query[DetailsQuery].ToString() switch
    {
        "" or "false" => false,
        "true" => true,
        var other => throw RequestProblem.Of(ProblemKind.Validation, DetailsQuery, $"is {RequestProblem.Quoted(other)}; expected true or false"),
    };

    /// <exception cref="RequestProblem">The steps have another number of numbers than the model reads.</exception>
    public static void CheckFeatures(NumberSequence sequence, ServedNumbers served, string place)
    {
        if (sequence.Features != served.Features)
            throw RequestProblem.Of(ProblemKind.Validation, place, $"has {sequence.Features} numbers a step; expected {served.Features}, which {RequestProblem.Quoted(served.Name)} reads");
    }

    /// <exception cref="RequestProblem">The sequences have more steps together than are allowed.</exception>
    public static void CheckTotal(IReadOnlyList<NumberSequence> sequences, LimitOptions limits)
    {
        long steps = sequences.Sum(sequence => (long)sequence.Steps);
        if (steps > limits.MaxRequestTokens)
            throw RequestProblem.Of(ProblemKind.Validation, "inputs", $"holds {steps} steps; at most {limits.MaxRequestTokens} are allowed in one request");
    }

    /// <summary>About how many steps a sound has, and no fewer than it has; 0 where the model reads none.</summary>
    public static long MostStepsOf(Sound sound, ServedNumbers served) =>
        served.Sound is { } features ? 1 + (long)(sound.Seconds / (features.SecondsAt(1) - features.SecondsAt(0))) : 0;

    /// <exception cref="RequestProblem">The model reads no sound, or it is shorter than a step.</exception>
    public static NumberSequence StepsOf(Sound sound, ServedNumbers served)
    {
        if (served.Sound is not { } features)
            throw RequestProblem.Of(ProblemKind.Validation, "model", $"{RequestProblem.Quoted(served.Name)} reads numbers and no sound; expected {{\"inputs\": {{\"values\": …}}}} as application/json");
        NumberSequence steps = features.Of(sound);
        return steps.Steps > 0 ? steps : throw new RequestProblem(ProblemKind.Validation, $"the sound {features.WhyNoStep(sound, "the model")}");
    }

    /// <summary>Where a sequence's values stand in the request.</summary>
    public static string PlaceOf(int index, bool isList) => isList ? $"inputs[{index}].{NumberLists.Values}" : $"inputs.{NumberLists.Values}";

    private static Sound Read(ReadOnlyMemory<byte> body, LimitOptions limits)
    {
        try
        {
            ArraySegment<byte> bytes = MemoryMarshal.TryGetArray(body, out ArraySegment<byte> own) ? own : body.ToArray();
            return WavFile.Read(new MemoryStream(bytes.Array!, bytes.Offset, bytes.Count, writable: false), limits.MaxSoundSeconds);
        }
        catch (SoundFormatException fault)
        {
            throw new RequestProblem(ProblemKind.Validation, "the body is no WAV file that can be read: " + fault.Message);
        }
    }
}
