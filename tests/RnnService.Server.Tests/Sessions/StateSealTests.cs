using CsCheck;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Logging.Abstractions;
using RnnService.Server.Options;
using RnnService.Server.Requests;
using RnnService.Server.Sessions;

namespace RnnService.Server.Tests.Sessions;

public sealed class StateSealTests
{
    private static readonly string Model = new('a', 64);

    private readonly ShiftedClock _clock = new();
    private readonly StateSeal _seal;

    public StateSealTests() => _seal = Seal(_clock);

    [Fact]
    public void What_is_sealed_is_opened_as_it_was() =>
        Gen.Select(Gen.String, Gen.Long[0, long.MaxValue], Gen.Byte.Array[0, 9_000]).SampleAsync(async (owner, position, stream) =>
        {
            SessionState state = State(stream, position), opened = await _seal.OpenAsync(owner, await _seal.SealAsync(owner, state));
            return opened with { Stream = default } == state with { Stream = default } && opened.Stream.Span.SequenceEqual(stream);
        }, iter: 50);

    [Fact]
    public async Task No_byte_can_be_changed_added_or_left_out()
    {
        string state = await _seal.SealAsync("me", State([1, 2, 3]));
        const string letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        for (int i = 0; i < state.Length; i++)
        {
            // The neighbour differs in the lowest bit alone, which of the last character is none of any byte.
            foreach (char other in new[] { letters[letters.IndexOf(state[i]) ^ 1], letters[letters.IndexOf(state[i]) ^ 32], '=', ' ', '\0', 'é' })
                await IsRefusedAsync("me", $"{state[..i]}{other}{state[(i + 1)..]}");
            await IsRefusedAsync("me", state[..i]);
            await IsRefusedAsync("me", state[i..] + state[..i].Insert(0, i == 0 ? "A" : ""));
        }

        foreach (string other in new[] { state + "A", state + "=", " " + state, state + state, "\n" }) await IsRefusedAsync("me", other);
        Assert.Equal(7, (await _seal.OpenAsync("me", state)).Position);
    }

    [Fact]
    public async Task Whatever_is_wrong_is_told_in_the_same_words()
    {
        string state = await _seal.SealAsync("me", State([1, 2, 3])), stranger = await Seal(_clock).SealAsync("me", State([1, 2, 3]));
        string[] sentences = [.. await Task.WhenAll(
            IsRefusedAsync("you", state), IsRefusedAsync("", state), IsRefusedAsync("me", stranger), IsRefusedAsync("me", "A"), IsRefusedAsync("me", state[..^4]))];
        Assert.Single(sentences.Distinct());
        _clock.Ahead = TimeSpan.FromDays(2);
        Assert.Equal(sentences[0], await IsRefusedAsync("you", state)); // its age is its owner's to know
        Assert.Equal(ProblemKind.StateExpired, (await Assert.ThrowsAsync<RequestProblem>(async () => await _seal.OpenAsync("me", state))).Kind);
    }

    /// <summary>Two sealed states of one content have nothing in common, and neither has anything of the content.</summary>
    [Fact]
    public async Task Nothing_of_a_state_shows()
    {
        string one = await _seal.SealAsync("me", State(new byte[8_192])), other = await _seal.SealAsync("me", State(new byte[8_192]));
        int alike = one.Zip(other).Skip(40).Count(pair => pair.First == pair.Second);
        Assert.InRange(alike, 0, one.Length / 32); // of 64 letters a 64th by chance
        Assert.InRange(one.Length, 0, 11_500);
    }

    [Fact]
    public async Task A_kept_state_is_opened_under_its_own_name_alone()
    {
        SessionName name = new("me", "a");
        byte[] kept = await _seal.SealAsync(name, State([1, 2, 3]));
        Assert.Equal(7, (await _seal.OpenAsync(name, kept))!.Position);
        foreach (SessionName other in new[] { new SessionName("me", "b"), new SessionName("you", "a"), new SessionName("m", "ea") })
            Assert.Null(await _seal.OpenAsync(other, kept));
    }

    private async Task<string> IsRefusedAsync(string owner, string text)
    {
        RequestProblem problem = await Assert.ThrowsAsync<RequestProblem>(async () => await _seal.OpenAsync(owner, text));
        Assert.Equal(ProblemKind.StateRefused, problem.Kind);
        return problem.Message;
    }

    private SessionState State(byte[] stream, long position = 7) =>
        new(Model, position, DateTimeOffset.FromUnixTimeMilliseconds(_clock.GetUtcNow().AddDays(1).ToUnixTimeMilliseconds()), stream);

    private static StateSeal Seal(TimeProvider clock)
    {
        var options = new GenerationSessionOptions();
        var redis = new RedisConnection(options, NullLogger<RedisConnection>.Instance);
        return new StateSeal(new KeyRing(new EphemeralDataProtectionProvider(), options, redis, clock, NullLogger<KeyRing>.Instance), clock);
    }
}
