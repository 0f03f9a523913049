using System.Text.Json;

namespace RnnService.Benchmarks.Load;

/// <summary>What clients of streams saw.</summary>
/// <param name="FirstToken">Seconds from a newcomer's planned arrival to its first token.</param>
/// <param name="BetweenTokens">Seconds between the tokens of the streams that were held.</param>
/// <param name="Tokens">Tokens a second, of all streams together.</param>
internal sealed record StreamFigures(List<double> FirstToken, List<double> BetweenTokens, double Tokens);

/// <summary>Streams of the character model over HTTP.</summary>
internal sealed class StreamLoad(int port)
{
    /// <summary>Long enough to be read as a text, short enough for a step.</summary>
    private const string Prompt = "ROMEO: But soft, what light ";

    /// <summary>Tokens of a newcomer: few, so that newcomers add little to what is held.</summary>
    private const int NewcomerTokens = 4;

    /// <summary>Tokens a second of so many long streams with short prompts, and nothing else.</summary>
    public async Task<double> RateAsync(int streams, double seconds)
    {
        using var held = new Held(port, streams, index => Request(index, 2_000 + index * 30, "ROMEO:"));
        await held.RunningAsync();
        double from = Clock.Now, to = from + seconds;
        await Task.Delay(TimeSpan.FromSeconds(seconds));
        (int tokens, _) = await held.StopAsync(from, to);
        await Task.Yield();
        return tokens / seconds;
    }

    /// <summary>
    /// Keeps <paramref name="streams"/> streams running, each replaced when it ends. Newcomers come beside them, as Poisson arrivals that
    /// wait for nobody: the time to the first token counts from the planned arrival, so that a service that falls behind cannot hide it.
    /// </summary>
    /// <param name="streams">How many are held.</param>
    /// <param name="seconds">For how long.</param>
    /// <param name="disturbance">A request that comes when it begins and is left when it ends.</param>
    public async Task<StreamFigures> HoldAsync(int streams, double seconds, byte[]? disturbance = null)
    {
        // Of different lengths, so that they do not all end together.
        using var held = new Held(port, streams, index => Request(index, 200 + index * 37 % 400));
        await held.RunningAsync();
        using Connection? disturbing = disturbance is null ? null : new Connection(port);
        Task disturbed = disturbing?.PostAsync(disturbance, _ => { }) ?? Task.CompletedTask;
        double from = Clock.Now, to = from + seconds;
        List<double> first = await NewcomersAsync(from, to, rate: Math.Clamp(streams, 10, 40));
        (int tokens, List<double> between) = await held.StopAsync(from, to);
        if (disturbed.IsFaulted) await disturbed;
        disturbing?.Dispose();
        await disturbed.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // left while it was still going on
        await Task.Yield(); // away from the thread that waits for all sockets: callers compute
        return new StreamFigures(first, between, (tokens + first.Count * NewcomerTokens) / seconds);
    }

    /// <summary>Starts streams within a second, as Poisson arrivals, and counts those that come to their end.</summary>
    /// <returns>Streams that finished, the most that ran at once, and seconds until the last had finished.</returns>
    public async Task<(int Finished, int AtOnce, double Seconds)> CrowdAsync(int streams, int tokens)
    {
        int running = 0, most = 0;
        byte[] request = Request(1, tokens);
        double from = Clock.Now;
        var all = new List<Task<bool>>();
        foreach (double arrival in Clock.Poisson(1, streams).Take(streams))
        {
            Clock.WaitUntil(from + arrival);
            all.Add(Task.Run(OneAsync));
        }

        bool[] finished = await Task.WhenAll(all);
        await Task.Yield();
        return (finished.Count(one => one), most, Clock.Now - from);

        async Task<bool> OneAsync()
        {
            int seen = 0;
            int now = Interlocked.Increment(ref running);
            for (int known = most; now > known && Interlocked.CompareExchange(ref most, now, known) != known;) known = most;
            try
            {
                using var connection = new Connection(port);
                await connection.PostAsync(request, events => seen += events);
            }
            catch (IOException)
            {
                return false;
            }
            finally
            {
                Interlocked.Decrement(ref running);
            }

            return seen == tokens;
        }
    }

    /// <summary>A request for a stream.</summary>
    public static byte[] Request(int seed, int tokens, string prompt = Prompt) => Connection.Request("/generate_stream", JsonSerializer.Serialize(
        new { inputs = prompt, model = LoadModels.Characters, parameters = new { max_new_tokens = tokens, seed } }));

    private async Task<List<double>> NewcomersAsync(double from, double to, double rate)
    {
        var first = new List<double>();
        var all = new List<Task>();
        await Task.Factory.StartNew(
            () =>
            {
                foreach (double arrival in Clock.Poisson(2, rate).TakeWhile(arrival => from + arrival < to))
                {
                    Clock.WaitUntil(from + arrival);
                    all.Add(OneAsync(all.Count, from + arrival));
                }
            },
            TaskCreationOptions.LongRunning);
        await Task.WhenAll(all);
        return first;

        async Task OneAsync(int index, double planned)
        {
            using var connection = new Connection(port);
            bool none = true;
            await connection.PostAsync(Request(index, NewcomerTokens), _ =>
            {
                if (!none) return;
                none = false;
                lock (first) first.Add(Clock.Now - planned);
            });
        }
    }

    /// <summary>Streams that are kept running.</summary>
    private sealed class Held : IDisposable
    {
        private readonly List<(double Time, int Events)>[] _arrivals;
        private readonly TaskCompletionSource _running = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly Connection[] _connections;
        private readonly Task[] _streams;
        private readonly Func<int, byte[]> _request;
        private int _waiting;
        private volatile bool _stopped;

        public Held(int port, int streams, Func<int, byte[]> request)
        {
            _request = request;
            _waiting = streams;
            _arrivals = [.. Enumerable.Range(0, streams).Select(_ => new List<(double, int)>())];
            _connections = [.. Enumerable.Range(0, streams).Select(_ => new Connection(port))];
            _streams = [.. Enumerable.Range(0, streams).Select(RunAsync)];
        }

        /// <summary>All run.</summary>
        public Task RunningAsync() => Task.WhenAny(_running.Task, Task.WhenAll(_streams)).Unwrap();

        /// <summary>Ends all.</summary>
        /// <returns>Tokens that came in a span of time, and the seconds between those of one stream.</returns>
        public async Task<(int Tokens, List<double> Between)> StopAsync(double from, double to)
        {
            _stopped = true;
            Dispose();
            await Task.WhenAll(_streams);
            int tokens = 0;
            var between = new List<double>();
            foreach (List<(double Time, int Events)> stream in _arrivals)
            {
                double before = double.NaN;
                foreach ((double time, int events) in stream)
                {
                    if (time >= from && time < to && events > 0)
                    {
                        tokens += events;
                        if (!double.IsNaN(before)) between.Add(time - before);
                        // Tokens that come together have no time between them.
                        for (int i = 1; i < events; i++) between.Add(0);
                    }

                    before = events > 0 ? time : double.NaN;
                }
            }

            return (tokens, between);
        }

        public void Dispose()
        {
            foreach (Connection connection in _connections) connection.Dispose();
        }

        private async Task RunAsync(int index)
        {
            List<(double Time, int Events)> arrivals = _arrivals[index];
            bool started = false;
            try
            {
                while (!_stopped)
                {
                    arrivals.Add((Clock.Now, 0)); // the time to the next is no time between tokens
                    await _connections[index].PostAsync(_request(index), events =>
                    {
                        arrivals.Add((Clock.Now, events));
                        if (started) return;
                        started = true;
                        if (Interlocked.Decrement(ref _waiting) == 0) _running.TrySetResult();
                    });
                }
            }
            catch (Exception exception) when (
                _stopped && exception is (IOException or System.Net.Sockets.SocketException or ObjectDisposedException))
            {
                // Left in the middle of a stream.
            }
        }
    }
}
