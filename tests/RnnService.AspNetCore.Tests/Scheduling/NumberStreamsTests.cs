using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using RnnService.AspNetCore.Errors;
using RnnService.AspNetCore.Options;
using RnnService.AspNetCore.Scheduling;
using RnnService.AspNetCore.Tests.Scheduling.Simulation;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;

namespace RnnService.AspNetCore.Tests.Scheduling;

/// <summary>Streams of numbers, turn by turn, with a real network of a few units.</summary>
public sealed class NumberStreamsTests(NumberStreamsTests.Models models) : IClassFixture<NumberStreamsTests.Models>
{
    private readonly SimulatedClock _clock = new();
    private TurnScheduler? _turns;
    private int _cut;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private NumberModel Model => models.Tagger;

    private TurnScheduler Turns => _turns ??= new TurnScheduler(_clock);

    [Fact]
    public async Task Pieces_of_many_streams_give_the_bits_of_the_whole_alone()
    {
        NumberStreams streams = Streams(batchSteps: 50);
        NumberSequence[] whole = [.. Enumerable.Range(0, 12).Select(i => TinyNumberModels.Draw(i, 20 + 7 * i, 2))];
        NumberStream[] open = [.. whole.Select((_, i) => Open(streams, $"client {i % 3}"))];
        Task<float[]>[] read = [.. open.Select(ReadAsync)];
        Task[] pushed = [.. open.Select((stream, i) => PushAsync(stream, whole[i], 1 + i))];
        while (!Task.WhenAll(read).IsCompleted)
        {
            if (!streams.Turn()) await Task.Yield();
        }

        await Task.WhenAll(pushed);
        for (int i = 0; i < whole.Length; i++) Assert.Equal(Model.Logits([whole[i]])[0], await read[i]);
        foreach (NumberStream stream in open) stream.Dispose();
        Assert.Equal(0, streams.LiveStreams);
        Assert.True(streams.IsEmpty);
    }

    [Fact]
    public async Task Streams_that_have_steps_are_computed_together_and_clients_take_turns()
    {
        NumberStreams streams = Streams(batchSteps: 30);
        NumberStream[] many = [.. Enumerable.Range(0, 5).Select(_ => Open(streams, "many"))];
        NumberStream one = Open(streams, "one");
        foreach (NumberStream stream in many.Append(one)) await stream.PushAsync(TinyNumberModels.Draw(1, 10, 2), Cancel);
        Assert.True(streams.Turn());
        // Three of ten steps fit, and the client with one stream is among them.
        Assert.Equal(10, one.Position);
        Assert.Equal(20, many.Sum(stream => stream.Position));
        while (streams.Turn())
        {
        }

        Assert.All(many, stream => Assert.Equal(10, stream.Position));
    }

    [Fact]
    public async Task Who_does_not_read_waits_and_loses_itself_alone_in_the_end()
    {
        NumberStreams streams = Streams();
        NumberStream deaf = Open(streams, "deaf"), other = Open(streams, "other");
        Task<float[]> read = ReadAsync(other);
        Task pushing = PushAsync(deaf, TinyNumberModels.Draw(1, 200, 2), 1), pushed = PushAsync(other, TinyNumberModels.Draw(2, 200, 2), 5);
        while (!read.IsCompleted)
        {
            if (!streams.Turn()) await Task.Yield();
        }

        await pushed;
        Assert.True(deaf.IsPaused);
        Assert.InRange(deaf.Position, 1, 40); // and so the one who pushes waits
        Assert.False(pushing.IsCompleted);
        Assert.Equal(0, _cut);
        _clock.Pass(61_000_000);
        streams.Turn();
        Assert.Equal(1, _cut);
        await Assert.ThrowsAsync<StreamUnreadException>(() => ReadAsync(deaf));
    }

    [Fact]
    public async Task Who_is_behind_when_the_service_stops_is_waited_for_and_answered()
    {
        NumberStreams streams = Streams();
        NumberStream behind = Open(streams, "behind"), gone = Open(streams, "gone");
        NumberSequence whole = TinyNumberModels.Draw(1, 34, 2);
        foreach (NumberStream stream in (NumberStream[])[behind, gone])
        {
            for (int step = 0; step < 34; step++)
            {
                await stream.PushAsync(whole.Slice(step, 1), Cancel);
                streams.Turn();
            }
        }

        behind.Complete();
        Assert.False(streams.Turn());
        Assert.True(behind.IsPaused && behind.Position < 34);
        Assert.False(streams.IsEmpty);
        gone.Dispose();
        Task<float[]> read = ReadAsync(behind);
        while (!read.IsCompleted)
        {
            if (!streams.Turn()) await Task.Yield();
        }

        Assert.Equal(Model.Logits([whole])[0], await read);
        Assert.True(streams.IsEmpty);
    }

    [Fact]
    public async Task A_client_is_there_for_others_only_while_its_streams_have_steps_that_can_be_computed()
    {
        NumberStreams streams = Streams(batchSteps: 30);
        NumberStream talks = Open(streams, "talks"), silent = Open(streams, "silent"), left = Open(streams, "left"), deaf = Open(streams, "deaf");
        streams.Turn();
        Assert.False(IsAnyHere());
        await talks.PushAsync(TinyNumberModels.Draw(1, 40, 2), Cancel);
        Assert.True(streams.Turn());
        Assert.True(IsAnyHere()); // ten steps are left
        Assert.True(streams.Turn());
        Assert.False(IsAnyHere());
        await left.PushAsync(TinyNumberModels.Draw(1, 40, 2), Cancel);
        Assert.True(streams.Turn());
        left.Dispose();
        Assert.False(streams.Turn());
        Assert.False(IsAnyHere());
        for (int step = 0; !deaf.IsPaused; step++)
        {
            await deaf.PushAsync(TinyNumberModels.Draw(step, 1, 2), Cancel);
            streams.Turn();
        }

        await deaf.PushAsync(TinyNumberModels.Draw(1, 1, 2), Cancel);
        Assert.False(streams.Turn());
        Assert.False(IsAnyHere());
        await silent.PushAsync(TinyNumberModels.Draw(1, 40, 2), Cancel);
        Assert.True(streams.Turn());
        streams.Close();
        Assert.False(IsAnyHere());

        bool IsAnyHere()
        {
            _clock.Pass(2_000_000); // those who were there are expected no more
            Turns.Clients.Enter("asks");
            bool areSeveral = Turns.Clients.AreSeveral;
            Turns.Clients.Leave("asks");
            return areSeveral;
        }
    }

    [Fact]
    public async Task What_was_pushed_is_answered_after_the_end_and_a_stop_is_said()
    {
        NumberStreams streams = Streams();
        NumberStream done = Open(streams, ""), stopped = Open(streams, "");
        await done.PushAsync(TinyNumberModels.Draw(1, 3, 2), Cancel);
        done.Complete();
        streams.Turn();
        Assert.Equal(Model.Logits([TinyNumberModels.Draw(1, 3, 2)])[0], await ReadAsync(done));
        await stopped.PushAsync(TinyNumberModels.Draw(1, 3, 2), Cancel);
        streams.Turn();
        streams.Close();
        await Assert.ThrowsAsync<ModelNotReadyException>(() => ReadAsync(stopped));
        NumberStream late = Open(streams, "late");
        await Assert.ThrowsAsync<ModelNotReadyException>(() => ReadAsync(late));
    }

    [Fact]
    public async Task A_stream_that_cannot_be_computed_is_lost_alone()
    {
        NumberStreams streams = Streams();
        NumberStream good = Open(streams, ""), bad = Open(streams, "");
        await good.PushAsync(TinyNumberModels.Draw(1, 3, 2), Cancel);
        await bad.PushAsync(new NumberSequence((float[])[float.NaN, 0], 2), Cancel); // the service lets none in
        good.Complete();
        while (streams.Turn())
        {
        }

        Assert.Equal(Model.Logits([TinyNumberModels.Draw(1, 3, 2)])[0], await ReadAsync(good));
        await Assert.ThrowsAsync<NetworkException>(() => ReadAsync(bad));
    }

    [Fact]
    public void One_too_many_is_refused_by_client_and_altogether()
    {
        NumberStreams streams = Streams();
        NumberStream[] own = [Open(streams, "a"), Open(streams, "a")];
        Assert.StartsWith("2 streams of this client", Assert.Throws<QueueFullException>(() => Open(streams, "a")).Message, StringComparison.Ordinal);
        Open(streams, "b");
        Assert.StartsWith("3 streams of this model", Assert.Throws<QueueFullException>(() => Open(streams, "c")).Message, StringComparison.Ordinal);
        own[0].Dispose();
        own[0].Dispose();
        Assert.Equal(2, streams.LiveStreams);
        Open(streams, "c");
    }

    private NumberStreams Streams(int batchSteps = 4096)
    {
        var options = new BatchingOptions { BatchTokens = batchSteps, MaxLiveStreams = batchSteps < 4096 ? 100 : 3, MaxLiveStreamsOfClient = batchSteps < 4096 ? 100 : 2 };
        IMeterFactory meters = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();
        return new NumberStreams("phases", Model.Network, Model.Outputs, isStepwise: true, options, new SchedulingMetrics(meters), _clock, Turns);
    }

    private NumberStream Open(NumberStreams streams, string client) => streams.Open(client, CancellationToken.None, () => _cut++);

    private static async Task PushAsync(NumberStream stream, NumberSequence whole, int size)
    {
        try
        {
            for (int at = 0; at < whole.Steps; at += size) await stream.PushAsync(whole.Slice(at, Math.Min(size, whole.Steps - at)), Cancel);
        }
        finally
        {
            stream.Complete();
        }
    }

    private static async Task<float[]> ReadAsync(NumberStream stream)
    {
        var all = new List<float>();
        await foreach (StreamedOutputs outputs in stream.Answers(Cancel)) all.AddRange(outputs.Outputs);
        return [.. all];
    }

    public sealed class Models : IDisposable
    {
        private readonly TinyNumberModels _models = new();

        public Models() => Tagger = _models.Load("phases");

        public NumberModel Tagger { get; }

        public void Dispose()
        {
            Tagger.Dispose();
            _models.Dispose();
        }
    }
}
