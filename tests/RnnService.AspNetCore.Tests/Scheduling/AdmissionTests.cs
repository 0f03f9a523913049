using RnnService.AspNetCore.Errors;
using RnnService.AspNetCore.Scheduling;

namespace RnnService.AspNetCore.Tests.Scheduling;

/// <summary>Who gets a place, and who has to give one.</summary>
public sealed class AdmissionTests
{
    private readonly List<string> _displaced = [];

    [Fact]
    public void One_client_may_have_all_places_until_another_comes()
    {
        var admission = new Admission(4, "here");
        for (int i = 0; i < 4; i++) Enter(admission, "flood", $"flood {i}");
        Refused(() => Enter(admission, "flood", "flood 4"));
        Enter(admission, "light", "light 0");
        Assert.Equal((string[])["flood 3"], _displaced);
        Enter(admission, "light", "light 1");
        Refused(() => Enter(admission, "light", "light 2")); // both have two
        Assert.Equal((string[])["flood 3", "flood 2"], _displaced);
        Assert.Equal(4, admission.Waiting);
        Enter(admission, "third", "third");
        Assert.Equal(4, admission.Waiting);
        Assert.Equal(3, _displaced.Count);
    }

    [Fact]
    public void Tokens_are_shared_like_places_and_one_request_may_have_more_than_all()
    {
        var admission = new Admission(100, "here", tokens: 1_000);
        Admission.Permit huge = Enter(admission, "flood", "huge", tokens: 5_000);
        Refused(() => Enter(admission, "flood", "one more", tokens: 1));
        Assert.Equal((1, 5_000), (admission.Waiting, admission.Tokens));
        huge.Dispose();
        huge.Dispose();
        Assert.Equal((0, 0), (admission.Waiting, admission.Tokens));
        for (int i = 0; i < 10; i++) Enter(admission, "flood", $"flood {i}", tokens: 100);
        Enter(admission, "light", "light", tokens: 150);
        Assert.Equal((string[])["flood 9", "flood 8"], _displaced);
        Assert.Equal((9, 950), (admission.Waiting, admission.Tokens));
    }

    [Fact]
    public void A_request_that_is_still_read_keeps_its_place_and_a_displaced_one_gives_nothing_back_twice()
    {
        var admission = new Admission(2, "here");
        Admission.Permit first = Enter(admission, "flood", "flood 0");
        admission.Enter("flood");
        Enter(admission, "light", "light");
        Assert.Equal((string[])["flood 0"], _displaced);
        first.Dispose();
        first.Hold(5); // what is gone holds nothing
        Assert.Equal((2, 0), (admission.Waiting, admission.Tokens));
    }

    private Admission.Permit Enter(Admission admission, string client, string name, long tokens = 0)
    {
        Admission.Permit permit = admission.Enter(client);
        try
        {
            if (tokens > 0) permit.Hold(tokens);
        }
        catch (QueueFullException)
        {
            permit.Dispose();
            throw;
        }

        permit.Displaced = _ => _displaced.Add(name);
        return permit;
    }

    private static void Refused(Action enter) => Assert.Throws<QueueFullException>(enter);
}
