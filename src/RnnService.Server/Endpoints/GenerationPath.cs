using RnnService.AspNetCore.Diagnostics;
using RnnService.AspNetCore.Errors;
using RnnService.AspNetCore.Models;
using RnnService.AspNetCore.Scheduling;
using RnnService.Engine.Generation;
using RnnService.Engine.Generation.Grammars;
using RnnService.Engine.Models;
using RnnService.Engine.Text;
using RnnService.Server.Options;
using RnnService.Server.Requests;
using RnnService.Server.Sessions;

namespace RnnService.Server.Endpoints;

/// <summary>A text to be continued, whatever the dialect it is asked for in.</summary>
/// <param name="Prompt">The text.</param>
/// <param name="Options">How.</param>
/// <param name="Field">Where the text stands in the request.</param>
internal sealed record GenerationInput(string Prompt, GenerationOptions Options, string Field = "inputs")
{
    /// <summary>The text before it; null for none.</summary>
    public StreamState? State { get; init; }

    /// <summary>The ids of its tokens, where those were sent in place of the text.</summary>
    public IReadOnlyList<int>? Tokens { get; init; }

    /// <summary>Looks at the text once it is tokens; may throw <see cref="RequestProblem"/>.</summary>
    public Action<GenerationStream>? Check { get; init; }
}

/// <summary>A token that a stream's reader is to be sent.</summary>
/// <param name="Job">Which of the texts it belongs to.</param>
/// <param name="Token">The token.</param>
/// <param name="Stream">The text; its prompt has been read.</param>
/// <param name="IsLast">Whether the text ends with it: then the whole of <paramref name="Stream"/> may be looked at.</param>
internal readonly record struct GenerationFrame(int Job, GeneratedToken Token, GenerationStream Stream, bool IsLast);

/// <summary>
/// What requests that generate have in common, in every dialect: how texts are started, waited for, and sent token by token. Thread-safe.
/// </summary>
internal sealed class GenerationPath(HttpOptions http, LimitOptions limits, TimeProvider time, FaultLog faults)
{
    /// <summary>Has a text continued.</summary>
    /// <param name="call">The request.</param>
    /// <param name="served">The model.</param>
    /// <param name="input">The text.</param>
    /// <param name="readsAlong">Whether its tokens are sent while it grows: see <see cref="StreamAsync"/>.</param>
    /// <exception cref="QueueFullException">There is no permit.</exception>
    /// <exception cref="RequestProblem">The model can read nothing of it, or it is too much for one request.</exception>
    public GenerationJob Start(InferenceCall call, ServedGenerator served, GenerationInput input, bool readsAlong) =>
        Start(call, served, [input], readsAlong)[0];

    /// <summary>Has texts continued beside each other: all of them, or none.</summary>
    /// <inheritdoc cref="Start(InferenceCall, ServedGenerator, GenerationInput, bool)"/>
    /// <param name="call">The request.</param>
    /// <param name="served">The model.</param>
    /// <param name="inputs">The texts, one or more.</param>
    /// <param name="readsAlong">Whether their tokens are sent while they grow: see <see cref="StreamAsync"/>.</param>
    public IReadOnlyList<GenerationJob> Start(InferenceCall call, ServedGenerator served, IReadOnlyList<GenerationInput> inputs, bool readsAlong)
    {
        var jobs = new List<GenerationJob>(inputs.Count);
        // One request is to have its place whatever it asks for, and not the queue's whole room.
        var most = new TokenLimit(limits.MaxRequestTokens, inputs[0].Field);
        try
        {
            foreach (GenerationInput input in inputs) jobs.Add(call.Generate(served.Generator, model => Counted(Prepare(model, input)), readsAlong));
        }
        catch
        {
            Cancel(jobs);
            throw;
        }

        TextWarnings.Write(call.Context.Response, inputs.Zip(jobs, (input, job) => (input.Field, job.Stream.Warning)).DistinctBy(one => one.Field));
        return jobs;

        GenerationStream Counted(GenerationStream stream)
        {
            most.Add(stream.PromptTokens);
            return stream;
        }
    }

    /// <summary>Waits for texts to end.</summary>
    public async Task<IReadOnlyList<GenerationStream>> EndedAsync(InferenceCall call, IReadOnlyList<GenerationJob> jobs)
    {
        try
        {
            var ended = new List<GenerationStream>(jobs.Count);
            foreach (GenerationJob job in jobs) ended.Add(await call.Deadline.WaitAsync(job.Ended));
            return ended;
        }
        catch
        {
            Cancel(jobs); // one that fails, fails the request
            throw;
        }
    }

    /// <summary>Answers with events: the tokens of all texts as they come. What fails after the first is an event too.</summary>
    /// <param name="call">The request.</param>
    /// <param name="jobs">The texts.</param>
    /// <param name="write">Writes a token; called for one at a time.</param>
    /// <param name="end">Writes what follows the last token: of all, or where it is false of those before the service stopped.</param>
    /// <param name="session">What the only text belongs to: should the service stop, its state is in the last event.</param>
    public async Task<IResult> StreamAsync(
        InferenceCall call, IReadOnlyList<GenerationJob> jobs, Func<ServerSentEvents, GenerationFrame, ValueTask> write, Action<ServerSentEvents, bool>? end = null,
        GenerationSession? session = null)
    {
        using var events = new ServerSentEvents(call.Context.Response);
        await using KeepAlive silence = new(jobs, TimeSpan.FromSeconds(http.StreamKeepAliveSeconds), time);
        using var turn = new SemaphoreSlim(1);
        try
        {
            await Task.WhenAll(jobs.Select((job, index) => SendAsync(index, job)));
            if (end is not null)
            {
                end(events, true);
                await events.FlushAsync(call.Deadline.Token);
            }
        }
        catch (Exception exception) when (events.HasStarted && !events.ClientHasLeft)
        {
            RequestProblem? problem = InferenceProblems.Of(exception, RequestFacts.Of(call.Context).Models) ?? (call.Deadline.Passed ? Deadline.Problem() : null);
            if (problem is null) faults.Write(exception, events.TraceId);
            bool isStopping = exception is ModelNotReadyException;
            if (isStopping) end?.Invoke(events, false);
            await events.FailAsync(problem ?? RequestProblem.OfFault(), isStopping ? await SaveAsync(session, jobs[0]) : null);
        }

        return Results.Empty;

        async Task SendAsync(int index, GenerationJob job)
        {
            try
            {
                while (await job.WaitAsync() is var signal && signal != StreamSignal.End)
                {
                    await turn.WaitAsync(call.Deadline.Token);
                    try
                    {
                        silence.Reset();
                        if (signal == StreamSignal.Silence) events.WriteComment();
                        while (job.TryRead(out StreamedToken token))
                        {
                            if (token.IsLast) await call.Deadline.WaitAsync(job.Ended);
                            await write(events, new GenerationFrame(index, token.Generated, job.Stream, token.IsLast));
                        }

                        await events.FlushAsync(call.Deadline.Token);
                    }
                    finally
                    {
                        turn.Release();
                    }
                }
            }
            catch
            {
                Cancel(jobs);
                throw;
            }
        }
    }

    /// <summary>Where a text stands that the service does not end any more; null where that cannot be told.</summary>
    private static async ValueTask<SessionAnswer?> SaveAsync(GenerationSession? session, GenerationJob job)
    {
        try
        {
            return session is null ? null : await session.SaveAsync(job.Stream);
        }
        catch (RequestProblem)
        {
            return null;
        }
    }

    private static void Cancel(IReadOnlyList<GenerationJob> jobs)
    {
        foreach (GenerationJob job in jobs) job.Cancel();
    }

    private static GenerationStream Prepare(GenerativeModel model, GenerationInput input)
    {
        try
        {
            GenerationStream stream = model is not LanguageModel language ? model.NewStream(input.Prompt, input.Options)
                : input.Tokens is { } tokens ? language.NewStream(tokens, input.Options, input.State)
                : language.NewStream(input.Prompt, input.Options, input.State);
            input.Check?.Invoke(stream);
            // Unknown words are common, but a text of unknown letters alone is one of another script, which the model never learnt to go on with.
            if (stream.KnowsPrompt || model.Tokenizer.Kind != Tokenization.Characters) return stream;
        }
        catch (GrammarException error)
        {
            throw RequestProblem.Of(ProblemKind.Validation, "parameters.grammar", error.Message);
        }
        catch (ArgumentException)
        {
            // The bounds of the options have been checked: what is left is a source of too many tokens, or a prompt without any, such as spaces for a word model.
            if (model is Translator translator && translator.ReadSource(input.Prompt).Length - 1 is var length and > Translator.MostSourceTokens)
                throw RequestProblem.Of(ProblemKind.Validation, input.Field, $"holds {length} {model.Tokenizer.Unit}s; expected at most {Translator.MostSourceTokens}");
        }

        throw RequestProblem.Of(ProblemKind.Validation, input.Field, $"holds no {model.Tokenizer.Unit} that this model knows");
    }
}
