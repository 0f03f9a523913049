using RnnService.AspNetCore.Errors;
using RnnService.AspNetCore.Options;
using RnnService.AspNetCore.Scheduling;
using RnnService.Engine.Generation;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;

namespace RnnService.AspNetCore.Tests.Scheduling.Simulation;

/// <summary>What is wrong with a scheduler, on purpose, so that the simulation shows that it would see it.</summary>
internal enum Fault
{
    None,

    /// <summary>A long text lets nobody in.</summary>
    NobodyInBetween,

    /// <summary>All clients are one.</summary>
    ClientsNotTold,

    /// <summary>Two texts of a batch get each other's answers.</summary>
    AnswersExchanged,

    /// <summary>A stream that nobody reads stays.</summary>
    UnreadStays,
}

/// <summary>
/// One run of the real queues, turns and streams against clients drawn from a seed, with a clock that stands still but for what computing
/// and waiting are said to cost. A breach of what the scheduler promises is an exception.
/// </summary>
internal sealed class Schedule
{
    private const int MicrosecondsOfToken = 20, MicrosecondsOfRow = 30, MicrosecondsOfStep = 60;
    private const long Second = 1_000_000;

    /// <summary>
    /// Most time until a short text of a client without other requests is answered: that of one batch with its share of turns in between and what runs already,
    /// twice where a text of the batch fails. A long text takes 30 ms alone, a flood holds half a second.
    /// </summary>
    private const long LightBound = 56_000;

    private static readonly BatchingOptions Options = new()
    {
        QueueLength = 120,
        QueueTokens = 12_000,
        QueueSeconds = 2,
        MaxStreams = 4,
        BatchTokens = 256,
        PromptChunk = 8,
        StreamBuffer = 4,
        UnreadSeconds = 3,
    };

    private readonly Random _random;
    private readonly Fault _fault;
    private readonly LanguageModel _model;
    private readonly SimulatedClock _clock = new();
    private readonly TurnScheduler _turns;
    private readonly GenerationScheduler _streams;
    private readonly TextBatcher<SimulatedText, int> _texts;
    private readonly List<SimulatedRequest> _requests = [], _open = [];
    private readonly PriorityQueue<Action, long> _events = new();
    private int _batches;

    public Schedule(int seed, LanguageModel model, SchedulingMetrics metrics, Fault fault = Fault.None)
    {
        (_random, _fault, _model) = (new Random(seed), fault, model);
        _turns = new TurnScheduler(_clock);
        BatchingOptions options = fault == Fault.UnreadStays ? Options with { UnreadSeconds = 86_400 } : Options;
        _streams = new GenerationScheduler("words", model, options, metrics, _clock, _turns) { Advancing = Advance };
        _texts = new TextBatcher<SimulatedText, int>("texts", "classify", Compute, text => text.Length, options, metrics, _clock, _turns);
        _turns.Add(_streams);
        _turns.Add(_texts);
    }

    /// <summary>Lets the clients come and go until the last has been answered.</summary>
    public void Run()
    {
        Plan();
        for (int turn = 0; turn < 200_000; turn++)
        {
            Happen();
            bool worked = _turns.Round();
            Check();
            if (worked) continue;
            if (_events.TryPeek(out _, out long next)) _clock.MoveTo(next);
            else if (_turns.IsEmpty) break;
            else _clock.Pass(Second / 10); // only clocks can move what is left, such as streams that nobody reads
        }

        Happen();
        Require(_turns.IsEmpty, "work is left that never ends");
        CheckEnd();
    }

    /// <summary>Draws who comes, when, with what, and who leaves.</summary>
    private void Plan()
    {
        int clients = _random.Next(1, 5);
        long span = _random.Next(1, 40) * 10_000L;
        for (int client = 0; client < clients; client++)
        {
            string name = $"client {client}";
            bool floods = client == 0 && _random.Next(2) == 0, isLong = _random.Next(3) == 0;
            int requests = floods ? _random.Next(40, 160) : _random.Next(1, 8);
            for (int i = 0; i < requests; i++)
            {
                long at = _clock.Now + (floods ? _random.Next(1_000) : _random.NextInt64(span));
                if (_random.Next(3) == 0) _events.Enqueue(() => ComeStream(name), at);
                else _events.Enqueue(() => ComeTexts(name, floods, isLong), at);
            }
        }

        if (_random.Next(8) == 0) _events.Enqueue(_turns.Close, _clock.Now + _random.NextInt64(2 * span));
    }

    private void Happen()
    {
        _open.RemoveAll(request =>
        {
            if (request.Stream is { HasStarted: true }) request.StartedAt ??= _clock.Now;
            if (!request.IsOver) return false;
            request.EndedAt = _clock.Now;
            _turns.Clients.Leave(KeyOf(request.Client));
            return true;
        });
        while (_events.TryPeek(out Action? happens, out long at) && at <= _clock.Now)
        {
            _events.Dequeue();
            happens();
        }
    }

    private void ComeTexts(string client, bool floods, bool isLong)
    {
        int number = _requests.Count;
        SimulatedText[] texts = new SimulatedText[floods || _random.Next(4) == 0 ? _random.Next(1, 12) : 1];
        for (int i = 0; i < texts.Length; i++)
            texts[i] = new SimulatedText(isLong ? _random.Next(100, 1_500) : _random.Next(0, 24), number * 100 + i, number);
        var request = new SimulatedRequest(number, client, _clock.Now) { Texts = texts };
        Come(request, () => request.Answer = _texts.Submit(() => texts, request.Left.Token, KeyOf(client)));
    }

    private void ComeStream(string client)
    {
        long? reads = _random.Next(4) switch { 0 => null, 1 => _random.Next(1, 20) * Second / 10, _ => _random.Next(100, 5_000) };
        bool neverReads = reads is not null && _random.Next(6) == 0;
        var request = new SimulatedRequest(_requests.Count, client, _clock.Now) { ReadsEvery = neverReads ? long.MaxValue : reads };
        string prompt = string.Join(' ', Enumerable.Repeat("to be", _random.Next(1, 12)));
        GenerationOptions options = new() { MaxNewTokens = _random.Next(1, 40), Seed = (ulong)_random.Next(50) };
        Come(request, () => request.Stream = _streams.Submit(
            model => model.NewStream(prompt, options), reads is not null, request.Left.Token, KeyOf(client), () => request.WasAborted = true));
        if (request.Stream is not null && request.ReadsEvery is { } pause and not long.MaxValue) _events.Enqueue(() => Read(request, pause), _clock.Now + pause);
    }

    private void Come(SimulatedRequest request, Action submit)
    {
        request.IsLight = request.Texts is null or [{ Length: <= 24 }]
            && _requests.All(other => other.Client != request.Client || other.IsOver);
        _requests.Add(request);
        try
        {
            submit();
            _turns.Clients.Enter(KeyOf(request.Client));
            _open.Add(request);
        }
        catch (InferenceException refusal)
        {
            request.Refusal = refusal;
        }

        if (_random.Next(6) == 0) _events.Enqueue(request.Left.Cancel, _clock.Now + _random.NextInt64(100_000));
    }

    private void Read(SimulatedRequest request, long pause)
    {
        if (request.Stream!.TryRead(out StreamedToken token))
        {
            request.Read.Add(token.Generated.Token);
            request.LastTokens += token.IsLast ? 1 : 0;
        }
        else if (request.IsOver)
        {
            return;
        }

        _events.Enqueue(() => Read(request, pause), _clock.Now + pause);
    }

    private string KeyOf(string client) => _fault == Fault.ClientsNotTold ? "everybody" : client;

    private IReadOnlyList<int> Compute(IReadOnlyList<SimulatedText> texts, Action betweenSteps)
    {
        _batches++;
        int batch = _batches;
        foreach (SimulatedText text in texts)
        {
            SimulatedRequest owner = _requests[text.Owner];
            if (owner.Begun == 0) owner.Begun = batch;
        }

        int tokens = texts.Sum(text => text.Length);
        for (int step = 0; step < tokens; step += 5)
        {
            _clock.Pass(5 * MicrosecondsOfToken);
            Happen();
            if (_fault != Fault.NobodyInBetween) betweenSteps();
        }

        if (texts.Any(text => Cannot(text))) throw new NetworkException("cannot");
        int[] answers = [.. texts.Select(text => text.Id)];
        if (_fault == Fault.AnswersExchanged && answers.Length > 1) (answers[0], answers[1]) = (answers[1], answers[0]);
        return answers;
    }

    private static bool Cannot(SimulatedText text) => text.Id % 17 == 3;

    private void Advance(GenerationBatch batch, IReadOnlyList<GenerationStream> texts, int chunk)
    {
        long tokens = texts.Sum(text => (long)Math.Clamp(text.PromptLeft, 1, chunk));
        _clock.Pass(MicrosecondsOfStep + tokens * MicrosecondsOfRow);
        Happen();
        if (texts.Count > 1 && _random.Next(200) == 0) throw new InvalidOperationException("a step fails now and then");
        batch.Advance(texts, chunk);
    }

    private void Check()
    {
        Require(_texts.Waiting <= Options.QueueLength && _streams.Waiting <= Options.QueueLength, "more requests wait than may");
        Require(_streams.Active <= Options.MaxStreams, "more streams run than may");
        Require(_streams.Paused <= Options.MaxStreams, "more streams are paused than may");
        Require(_texts.WaitingTokens <= Options.QueueTokens || _texts.Waiting == 1, "requests hold more tokens than they may");
    }

    private void CheckEnd()
    {
        Require(_texts.Waiting == 0 && _texts.WaitingTokens == 0, "texts that have ended hold places");
        Require(_streams.Waiting == 0 && _streams.WaitingTokens == 0, "streams that have ended hold places");
        foreach (SimulatedRequest request in _requests)
        {
            Require(request.IsOver, "a request is never answered", request);
            if (request.Texts is not null) CheckTexts(request);
            else if (request.Stream is { } stream) CheckStream(request, stream);
        }

        foreach (IGrouping<string, SimulatedRequest> own in _requests.Where(request => request.Begun > 0).GroupBy(request => KeyOf(request.Client)))
        {
            SimulatedRequest[] begun = [.. own];
            for (int later = 1; later < begun.Length; later++)
            {
                for (int earlier = 0; earlier < later; earlier++)
                {
                    bool couldGoFirst = begun[earlier].Texts![0].Length <= begun[later].Texts![0].Length;
                    Require(!couldGoFirst || begun[earlier].Begun <= begun[later].Begun, "a later request of a client overtook an earlier one", begun[later]);
                }
            }
        }
    }

    private void CheckTexts(SimulatedRequest request)
    {
        if (request.Answer is { IsCompletedSuccessfully: true, Result: var answers })
        {
            for (int i = 0; i < request.Texts!.Length; i++)
            {
                bool failed = answers.Failures.ContainsKey(i);
                Require(failed == Cannot(request.Texts[i]), "a text fails that can be computed, or the other way round", request);
                Require(failed || answers.Outputs[i] == request.Texts[i].Id, "a text has another's answer", request);
            }

            if (request.IsLight)
                Require(request.EndedAt - request.Arrival <= LightBound, $"a short text waits {(request.EndedAt - request.Arrival) / 1000} ms beside others", request);
        }
        else
        {
            CheckRefusal(request);
        }

        if (request.Begun == 0 && request.EndedAt is { } ended)
            Require(ended - request.Arrival <= (Options.QueueSeconds + 1) * Second, "a request waits longer than the longest wait", request);
    }

    private void CheckStream(SimulatedRequest request, GenerationJob stream)
    {
        Require(request.LastTokens <= 1, "a stream ends twice", request);
        if (request is { IsLight: true, StartedAt: { } started })
            Require(started - request.Arrival <= LightBound, $"a stream waits {(started - request.Arrival) / 1000} ms for a place beside others", request);
        if (!stream.Ended.IsCompletedSuccessfully)
        {
            CheckRefusal(request);
            return;
        }

        GenerationStream generation = stream.Stream;
        Require(generation.Finished is not null, "a stream ends before its text does", request);
        Require(request.Read.SequenceEqual(generation.Tokens.Take(request.Read.Count).Select(token => token.Token)), "tokens come in another order", request);
        if (request.ReadsEvery is { } pause and not long.MaxValue) Require(request.Read.Count == generation.Tokens.Count && request.LastTokens == 1, $"tokens are lost, reading every {pause} µs", request);
        if (request.ReadsEvery == long.MaxValue)
            Require(generation.Tokens.Count <= Options.StreamBuffer, "a stream that nobody reads goes on", request);
    }

    /// <summary>What was not answered has a reason: its client left, or the service refused it in the words of the table.</summary>
    private void CheckRefusal(SimulatedRequest request)
    {
        Exception? reason = request.Refusal ?? request.Ended?.Exception?.InnerException;
        bool isSaid = request.Left.IsCancellationRequested || request.WasAborted || reason is InferenceException or NetworkException
            || (reason is InvalidOperationException && request.Stream is not null);
        Require(isSaid, $"a request ends without a reason ({reason?.GetType().Name})", request);
        if (request.ReadsEvery == long.MaxValue && request.EndedAt is { } ended && request.WasAborted)
            Require(ended - request.Arrival <= 60 * Second, "a stream that nobody reads stays", request);
    }

    private void Require(bool holds, string otherwise, SimulatedRequest? request = null)
    {
        if (!holds) throw new InvalidOperationException($"{otherwise}{(request is null ? "" : $" (request {request.Number} of {request.Client})")}");
    }
}
