using RnnService.AspNetCore.Models;

namespace RnnService.AspNetCore.Tests.Models;

/// <summary>When a thing is let go of.</summary>
public sealed class UseCountTests
{
    [Fact]
    public async Task It_is_unused_after_the_last_has_left_and_nobody_gets_it_again()
    {
        var uses = new UseCount();
        Assert.True(uses.TryEnter());
        Assert.True(uses.TryEnter());
        Task unused = uses.RetireAsync();
        Assert.True(uses.TryEnter(), "who found it before may have it as long as another has");
        for (int left = 0; left < 3; left++)
        {
            Assert.False(unused.IsCompleted);
            uses.Leave();
        }

        await uses.RetireAsync();
        Assert.True(unused.IsCompleted);
        Assert.False(uses.TryEnter());
    }

    [Fact]
    public async Task Many_that_come_and_go_at_once_never_have_it_after_it_is_unused()
    {
        for (int round = 0; round < 200; round++)
        {
            var uses = new UseCount();
            int inHand = 0;
            Task[] callers = [.. Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
            {
                while (uses.TryEnter())
                {
                    Interlocked.Increment(ref inHand);
                    Interlocked.Decrement(ref inHand);
                    uses.Leave();
                }
            }))];
            await uses.RetireAsync();
            Assert.Equal(0, Volatile.Read(ref inHand));
            await Task.WhenAll(callers);
        }
    }
}
