using System.Text.Json;
using RnnService.AspNetCore.Models;
using RnnService.AspNetCore.Scheduling;
using RnnService.Engine.Generation;
using RnnService.Engine.Models;
using RnnService.Server.Keys;
using RnnService.Server.Requests;

namespace RnnService.Server.Endpoints;

/// <summary>
/// The path of a request that computes: deadline → ready → entry among the clients → body → model → bytes for the answer → permit (429 when
/// full) → tokens → queue → batch or steps → answer. <see cref="InferencePath"/> goes its first part for every route; a route goes the rest
/// with the <see cref="InferenceCall"/> it is given, in the order of its methods. Thread-safe.
/// </summary>
internal sealed class InferencePath(
    Readiness readiness, ComputeLoop loop, RequestReader reader, ModelRegistry registry, TimeProvider time)
{
    public RequestReader Reader { get; } = reader;

    public ModelRegistry Registry { get; } = registry;

    public ActiveClients Clients => loop.Clients;

    /// <summary>Answers a request: only until the service stops, and no longer than the request allows.</summary>
    /// <param name="context">The request.</param>
    /// <param name="answer">What the route does with it.</param>
    /// <param name="endsWithRequest">Whether work for it goes on while the answer is written, and ends with the request whatever ends that.</param>
    public async Task<IResult> AnswerAsync(HttpContext context, Func<InferenceCall, Task<IResult>> answer, bool endsWithRequest)
    {
        using Deadline deadline = Deadline.Of(context, time, endsWithRequest);
        readiness.ThrowIfStopping();
        string client = RequestFacts.Of(context).Client;
        Clients.Enter(client);
        using var call = new InferenceCall(this, context, deadline, client);
        try
        {
            return await answer(call);
        }
        catch (OperationCanceledException) when (deadline.Passed)
        {
            throw Deadline.Problem();
        }
    }
}

/// <summary>A request on its path.</summary>
/// <param name="path">The path.</param>
/// <param name="context">The request and its response.</param>
/// <param name="deadline">When its answer is of no use any more.</param>
/// <param name="client">Whose it is.</param>
internal sealed class InferenceCall(InferencePath path, HttpContext context, Deadline deadline, string client) : IDisposable
{
    /// <summary>The part of a path that names a model whose address it is.</summary>
    public const string NameInPath = "name";

    private readonly List<ServedModel> _entered = new(1);
    private bool _hasLeft;

    public HttpContext Context { get; } = context;

    public Deadline Deadline { get; } = deadline;

    /// <summary>The body.</summary>
    /// <exception cref="RequestProblem">It is not what <typeparamref name="T"/> describes.</exception>
    public ValueTask<T> ReadAsync<T>() => path.Reader.ReadAsync<T>(Context.Request, Deadline.Token);

    /// <summary>A body that may be more than JSON.</summary>
    /// <param name="parse">Takes it apart, with the reader for the part that is JSON; its bytes are gone afterwards.</param>
    /// <exception cref="RequestProblem">It is not as it should be.</exception>
    public ValueTask<T> ReadAsync<T>(Func<ReadOnlyMemory<byte>, RequestReader, T> parse) =>
        path.Reader.ReadAsync(Context.Request, body => parse(body, path.Reader), Deadline.Token);

    /// <summary>A body that is one of two requests in JSON.</summary>
    /// <param name="isOther">Tells the second by the body.</param>
    /// <exception cref="RequestProblem">It is neither.</exception>
    public ValueTask<(TOne? One, TOther? Other)> ReadEitherAsync<TOne, TOther>(Func<ReadOnlyMemory<byte>, bool> isOther)
        where TOne : class
        where TOther : class
    {
        RequestReader.CheckMediaType(Context.Request);
        return path.Reader.ReadAsync<(TOne?, TOther?)>(
            Context.Request, body => isOther(body) ? (null, path.Reader.Parse<TOther>(body)) : (path.Reader.Parse<TOne>(body), null), Deadline.Token);
    }

    /// <summary>A part of the body that was read as any object.</summary>
    /// <param name="element">The object; null where there is none.</param>
    /// <param name="field">Where it stands in the body.</param>
    /// <exception cref="RequestProblem">It is not what <typeparamref name="T"/> describes.</exception>
    public T Parse<T>(JsonElement? element, string field)
        where T : new() => element is { } found ? path.Reader.Parse<T>(found, field) : new T();

    /// <summary>The model whose address the request was sent to; null where it is no model's.</summary>
    private string? Address => Context.GetRouteValue(NameInPath) as string;

    /// <summary>
    /// The model of this kind that the request names, the one whose address it was sent to, or the default one; in hand until the answer is made.
    /// </summary>
    /// <exception cref="AspNetCore.Errors.InferenceException">There is none, or it is not ready in time.</exception>
    /// <exception cref="RequestProblem">It names another than the one whose address it was sent to.</exception>
    public async ValueTask<T> ModelAsync<T>(string? name)
        where T : ServedModel, IServedTask
    {
        name = AllowedName(name);
        return Hold(await path.Registry.EnterAsync<T>(name, Deadline.Token), isDefault: name is null);
    }

    /// <summary>As <see cref="ModelAsync{T}(string)"/>, of either of two kinds; where none is named and each has a default, that of the first.</summary>
    /// <inheritdoc cref="ModelAsync{T}(string)" path="/exception"/>
    public async ValueTask<ServedModel> EitherAsync<TOne, TOther>(string? name)
        where TOne : ServedModel, IServedTask
        where TOther : ServedModel, IServedTask
    {
        name = AllowedName(name);
        return Hold(await path.Registry.EnterEitherAsync<TOne, TOther>(name, Deadline.Token), isDefault: name is null);
    }

    /// <summary>A model that writes texts: a language model or a translator.</summary>
    /// <inheritdoc cref="ModelAsync{T}(string)" path="/exception"/>
    public async ValueTask<ServedGenerator> GeneratorAsync(string? name) =>
        (ServedGenerator)await EitherAsync<ServedLanguageModel, ServedTranslator>(name);

    /// <summary>The model whose address the request was sent to, whatever it does.</summary>
    /// <exception cref="AspNetCore.Errors.InferenceException">There is none, or it is not ready in time.</exception>
    public ValueTask<ServedModel> ModelAsync() => ModelAsync(Address!);

    /// <summary>The model of this name, whatever it does; in hand until the answer is made.</summary>
    /// <exception cref="AspNetCore.Errors.InferenceException">There is none, or it is not ready in time.</exception>
    public async ValueTask<ServedModel> ModelAsync(string name)
    {
        KeyAccess.ThrowIfForbidden(Context, name);
        return Hold(await path.Registry.EnterAsync(name, Deadline.Token), isDefault: false);
    }

    /// <summary>Keeps an entered model in hand until the answer is made.</summary>
    private T Hold<T>(T model, bool isDefault)
        where T : ServedModel
    {
        _entered.Add(model);
        if (isDefault) KeyAccess.ThrowIfForbidden(Context, model.Name, isDefault: true);
        RequestFacts.Of(Context).Model = model.Name;
        return model;
    }

    private string? AllowedName(string? name)
    {
        name = NameOf(name);
        if (name is not null) KeyAccess.ThrowIfForbidden(Context, name);
        return name;
    }

    /// <summary>The name that a request gives, or that of the model whose address it was sent to; null for neither.</summary>
    private string? NameOf(string? name) => Address is not { } address || name is null || name == address ? name ?? Address
        : throw RequestProblem.Of(ProblemKind.Validation, "model",
            $"is {RequestProblem.Quoted(name)}; expected {RequestProblem.Quoted(address)}, whose address this is, or none");

    public void Dispose()
    {
        LeaveClients();
        foreach (ServedModel model in _entered) model.Uses.Leave();
    }

    /// <summary>Holds the bytes of a large answer until it is taken.</summary>
    /// <exception cref="RequestProblem">The budget has no room for them.</exception>
    public Task HoldAnswerAsync(long bytes) => path.Reader.HoldAnswerAsync(Context, bytes, Deadline.Token);

    /// <summary>Has texts computed: takes a permit, makes tokens of them, queues them and waits for the batches that they are in.</summary>
    /// <param name="batcher">The model's queue and batches.</param>
    /// <param name="tokenize">Makes tokens of the texts, at least one; called once there is a permit.</param>
    /// <exception cref="AspNetCore.Errors.QueueFullException">There is no permit.</exception>
    /// <exception cref="RequestProblem">The time is over.</exception>
    public async ValueTask<TextAnswers<TOutput>> ComputeAsync<TInput, TOutput>(
        TextBatcher<TInput, TOutput> batcher, Func<IReadOnlyList<TInput>> tokenize)
    {
        Task<TextAnswers<TOutput>> answer = LargeBodyTurns.IsLarge(RequestFacts.Of(Context).BodyBytes)
            ? await SubmitInTurnAsync(batcher, tokenize) : batcher.Submit(tokenize, Deadline.Token, client);
        return await Deadline.WaitAsync(answer);
    }

    /// <summary>Does a piece of the work that comes after computing: at once where all of it is short, else in turn with other long work.</summary>
    /// <param name="bytes">How long all of it takes, in bytes of a body that takes as long to take apart.</param>
    /// <param name="work">The piece.</param>
    /// <exception cref="OperationCanceledException">The time is over, or the client has left.</exception>
    public async ValueTask WorkAsync(long bytes, Action work)
    {
        Deadline.Token.ThrowIfCancellationRequested();
        await path.Reader.WorkAsync(bytes, () =>
        {
            work();
            return true;
        }, Deadline.Token);
    }

    /// <summary>Has a text continued: takes a permit, prepares it and queues it; the job tells of its steps.</summary>
    /// <param name="generator">The model's queue and streams.</param>
    /// <param name="prepare">Makes tokens of the prompt; called once there is a permit.</param>
    /// <param name="readsAlong">Whether the tokens are sent while the text grows.</param>
    /// <exception cref="AspNetCore.Errors.QueueFullException">There is no permit.</exception>
    public GenerationJob Generate(GenerationScheduler generator, Func<GenerativeModel, GenerationStream> prepare, bool readsAlong) =>
        generator.Submit(prepare, readsAlong, Deadline.Token, client, Context.Abort, RequestFacts.Of(Context).Owner);

    /// <summary>
    /// Opens a stream of numbers, which is in the caller's hand. From now on its client is among the others only while the stream has steps: it may be open for
    /// hours and silent.
    /// </summary>
    /// <exception cref="AspNetCore.Errors.QueueFullException">As many are open as may be.</exception>
    public NumberStream Open(NumberStreams streams)
    {
        NumberStream stream = streams.Open(client, Deadline.Token, Context.Abort);
        LeaveClients();
        return stream;
    }

    private void LeaveClients()
    {
        if (_hasLeft) return;
        _hasLeft = true;
        path.Clients.Leave(client);
    }

    /// <summary>Where the body was large, making tokens takes as long as reading it: one after the other.</summary>
    private ValueTask<Task<TextAnswers<TOutput>>> SubmitInTurnAsync<TInput, TOutput>(
        TextBatcher<TInput, TOutput> batcher, Func<IReadOnlyList<TInput>> tokenize) =>
        path.Reader.PrepareAsync(Context, () => batcher.Submit(tokenize, Deadline.Token, client), Deadline.Token);
}
