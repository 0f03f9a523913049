using RnnService.Server.Options;
using RnnService.Server.Requests;
using RnnService.Server.Sessions;

namespace RnnService.Server.Tests.Sessions;

/// <summary>What every store of sessions does. Redis itself is asked where it is installed.</summary>
public sealed class SessionStoreTests
{
    private readonly ShiftedClock _clock = new();

    public static TheoryData<string> Stores => [GenerationSessionOptions.Memory, GenerationSessionOptions.InRedis];

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task A_session_goes_from_request_to_request(string kind)
    {
        await using StoreUnderTest test = await StoreUnderTest.StartAsync(kind, _clock);
        SessionName name = new("me", "a");
        SessionLease first = await test.Store.TakeAsync(name);
        Assert.Null(first.State);
        await test.Store.SaveAsync(first, State(10));
        SessionLease second = await test.Store.TakeAsync(name);
        Assert.Equal((10, 3), (second.State!.Position, second.State.Stream.Length));
        await test.Store.ReleaseAsync(second); // a request that failed
        Assert.Equal(10, (await test.Store.TakeAsync(name)).State!.Position);
        Assert.Null((await test.Store.TakeAsync(new SessionName("you", "a"))).State);
    }

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task One_request_has_a_session_at_a_time(string kind)
    {
        await using StoreUnderTest test = await StoreUnderTest.StartAsync(kind, _clock);
        SessionName name = new("me", "a");
        SessionLease first = await test.Store.TakeAsync(name);
        await IsBusyAsync(() => test.Store.TakeAsync(name));
        await test.Store.SaveAsync(first, State(10));
        await test.Store.SaveAsync(await test.Store.TakeAsync(name), State(20));
        await IsBusyAsync(() => test.Store.SaveAsync(first, State(15))); // it has been overtaken
        Assert.Equal(20, (await test.Store.TakeAsync(name)).State!.Position);
    }

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task Of_many_requests_at_once_one_goes_on(string kind)
    {
        await using StoreUnderTest test = await StoreUnderTest.StartAsync(kind, _clock);
        SessionName name = new("me", "a");
        for (int round = 0; round < 5; round++)
        {
            Task<SessionLease>[] all = [.. Enumerable.Range(0, 20).Select(_ => Task.Run(() => test.Store.TakeAsync(name)))];
            await Task.WhenAll(all).ContinueWith(_ => { }, TaskScheduler.Default);
            SessionLease only = await Assert.Single(all, one => one.IsCompletedSuccessfully);
            Assert.Equal(round == 0 ? null : round, only.State?.Position);
            await test.Store.SaveAsync(only, State(round + 1));
        }
    }

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task A_session_that_is_deleted_or_has_expired_begins_anew(string kind)
    {
        await using StoreUnderTest test = await StoreUnderTest.StartAsync(kind, _clock);
        SessionName name = new("me", "a");
        await test.Store.SaveAsync(await test.Store.TakeAsync(name), State(10));
        await test.Store.DeleteAsync(name);
        SessionLease anew = await test.Store.TakeAsync(name);
        Assert.Null(anew.State);
        await test.Store.DeleteAsync(name); // while a request has it
        await test.Store.ReleaseAsync(anew);
        await test.Store.SaveAsync(await test.Store.TakeAsync(name), State(10) with { Expires = _clock.GetUtcNow() });
        _clock.Ahead = TimeSpan.FromSeconds(1);
        Assert.Null((await test.Store.TakeAsync(name)).State);
    }

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task What_a_request_saves_does_not_bring_back_a_session_that_was_deleted_meanwhile(string kind)
    {
        await using StoreUnderTest test = await StoreUnderTest.StartAsync(kind, _clock);
        SessionName name = new("me", "a");
        SessionLease first = await test.Store.TakeAsync(name);
        await test.Store.DeleteAsync(name);
        await IsBusyAsync(() => test.Store.SaveAsync(first, State(10)));
        SessionLease anew = await test.Store.TakeAsync(name);
        Assert.Null(anew.State);
        await IsBusyAsync(() => test.Store.SaveAsync(first, State(10)));
        await test.Store.SaveAsync(anew, State(3));
        Assert.Equal(3, (await test.Store.TakeAsync(name)).State!.Position);
    }

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task A_session_expires_that_a_request_gave_back_unchanged(string kind)
    {
        await using StoreUnderTest test = await StoreUnderTest.StartAsync(kind, _clock);
        SessionName older = new("me", "older");
        await test.Store.SaveAsync(await test.Store.TakeAsync(older), State(10) with { Expires = _clock.GetUtcNow().AddSeconds(1) });
        await test.Store.SaveAsync(await test.Store.TakeAsync(new SessionName("me", "younger")), State(10));
        await test.Store.ReleaseAsync(await test.Store.TakeAsync(older));
        _clock.Ahead = TimeSpan.FromSeconds(2);
        Assert.Null((await test.Store.TakeAsync(older)).State);
    }

    [Fact]
    public async Task Memory_is_bounded_and_who_holds_most_loses_first()
    {
        var store = new MemorySessionStore(new GenerationSessionOptions { MemoryMegabytes = 1 }, _clock);
        await SaveAsync("light", "a");
        for (int i = 0; i < 300; i++) await SaveAsync("heavy", $"{i}");
        Assert.InRange(store.Bytes, 900_000, 1_000_000);
        Assert.NotNull(await StateAsync("light", "a"));
        Assert.NotNull(await StateAsync("heavy", "299"));
        Assert.Null(await StateAsync("heavy", "0"));

        async Task SaveAsync(string owner, string id) =>
            await store.SaveAsync(await store.TakeAsync(new SessionName(owner, id)), State(1) with { Stream = new byte[9_000] });

        async Task<SessionState?> StateAsync(string owner, string id)
        {
            SessionLease lease = await store.TakeAsync(new SessionName(owner, id));
            await store.ReleaseAsync(lease);
            return lease.State;
        }
    }

    [Fact]
    public async Task What_Redis_holds_shows_nothing_of_a_session()
    {
        await using StoreUnderTest test = await StoreUnderTest.StartAsync(GenerationSessionOptions.InRedis, _clock);
        byte[] stream = [.. "some text of a user, long enough to be found again"u8];
        await test.Store.SaveAsync(await test.Store.TakeAsync(new SessionName("somebody", "private")), State(10) with { Stream = stream });
        string all = await test.Redis!.DumpAsync();
        Assert.Contains("rnn:session:", all, StringComparison.Ordinal);
        foreach (string hidden in new[] { "some text", "somebody", "private" }) Assert.DoesNotContain(hidden, all, StringComparison.Ordinal);
    }

    private static async Task IsBusyAsync(Func<Task> request) =>
        Assert.Equal(ProblemKind.SessionBusy, (await Assert.ThrowsAsync<RequestProblem>(request)).Kind);

    private SessionState State(long position) => new(new string('a', 64), position, _clock.GetUtcNow().AddDays(1), new byte[] { 1, 2, 3 });
}
