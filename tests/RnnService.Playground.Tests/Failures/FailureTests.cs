using System.Text.RegularExpressions;

namespace RnnService.Playground.Tests.Failures;

/// <summary>Refusals, faults and a slow service look like what they are, on every tab that asks, and nothing typed is lost.</summary>
public sealed class FailureTests(Chromium browser, ShippedService service) : AskingTest(browser, service)
{
    [Theory]
    [MemberData(nameof(Tabs))]
    public async Task A_busy_service_is_waited_for_with_a_countdown_and_asked_again(Asking tab)
    {
        await OpenAsync(tab.Tab);
        await RefuseOnceAsync(tab, route => route.RefuseAsync(429, "overloaded", "too many requests are waiting", retryAfter: 2));
        await AskAsync(tab);
        await Expect(Problem).ToContainTextAsync("The service is busy");
        await Expect(Problem).ToContainTextAsync(new Regex("Trying again in [12] s"));
        await AnsweredAsync(tab);
    }

    [Theory]
    [MemberData(nameof(Tabs))]
    public async Task A_service_that_stops_is_told_from_a_busy_one(Asking tab)
    {
        await OpenAsync(tab.Tab);
        await RefuseOnceAsync(tab, route => route.RefuseAsync(503, "not_ready", "the service is stopping", retryAfter: 1));
        await AskAsync(tab);
        await Expect(Problem).ToContainTextAsync("The service is not ready");
        await Expect(Problem).ToContainTextAsync("finishing what runs before it stops");
        await AnsweredAsync(tab);
    }

    [Theory]
    [MemberData(nameof(Tabs))]
    public async Task A_fault_of_the_service_is_told_with_what_finds_it_in_the_log(Asking tab)
    {
        await OpenAsync(tab.Tab);
        await RefuseOnceAsync(tab, route => route.RefuseAsync(500, "internal", "something went wrong"));
        await AskAsync(tab);
        await Expect(Problem).ToContainTextAsync("This is a fault of the service, not of what was sent.");
        await Expect(Problem).ToContainTextAsync("4bf92f3577b34da6a3ce929d0e0e4736");
        await TryAgainAsync(tab);
    }

    [Theory]
    [MemberData(nameof(Tabs))]
    public async Task A_service_that_cannot_be_reached_is_told_from_one_that_refuses(Asking tab)
    {
        await OpenAsync(tab.Tab);
        await RefuseOnceAsync(tab, route => route.AbortAsync("connectionrefused"));
        await AskAsync(tab);
        await Expect(Problem).ToContainTextAsync("The service cannot be reached");
        await TryAgainAsync(tab);
    }

    [Theory]
    [MemberData(nameof(Tabs))]
    public async Task A_text_that_is_too_long_is_refused_with_the_limit(Asking tab)
    {
        await OpenAsync(tab.Tab);
        Watch.FailedAnswersAreExpected = true;
        string text = string.Concat(Enumerable.Repeat("word ", 4_001));
        await TextBox(tab.Label).FillAsync(text);
        if (tab.Button is { } button) await Button(button).ClickAsync();
        await Expect(Problem).ToContainTextAsync("This cannot be used");
        await Expect(Problem).ToContainTextAsync(new Regex("20,?000"));
        await Expect(TextBox(tab.Label)).ToHaveValueAsync(text);
    }

    [Theory]
    [MemberData(nameof(Tabs))]
    public async Task A_slow_service_shows_that_it_is_waited_for_and_one_types_on(Asking tab)
    {
        await OpenAsync(tab.Tab);
        var held = new TaskCompletionSource<IRoute>(TaskCreationOptions.RunContinuationsAsynchronously);
        await Page.RouteAsync(tab.Route, route => held.Task.IsCompleted ? route.ContinueAsync() : Task.FromResult(held.TrySetResult(route)));
        await AskAsync(tab);
        IRoute first = await held.Task;
        await Expect(Panel.Locator(tab.Awaited)).ToBeVisibleAsync();
        await Expect(Problem).ToBeHiddenAsync();
        await TextBox(tab.Label).PressSequentiallyAsync(" More.");
        await first.ContinueAsync();
        await Expect(Panel.Locator(tab.Awaited)).ToBeHiddenAsync();
        await Expect(TextBox(tab.Label)).ToHaveValueAsync(tab.Text + " More.");
        await Expect(Page.Locator(tab.Answer).First).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_stream_that_breaks_off_keeps_what_had_come()
    {
        const string token = """{"index":1,"token":{"id":3,"text":"Ay","logprob":-0.1,"special":false},"generated_text":null,"details":null}""";
        Asking write = Asking.Write;
        await OpenAsync(write.Tab);
        await RefuseOnceAsync(write, route => route.FulfillAsync(new()
        {
            ContentType = "text/event-stream",
            Body = $$"""data:{{token}}{{"\n\n"}}data:{"error":"the service is stopping","error_type":"not_ready","status":503}{{"\n\n"}}""",
        }));
        await AskAsync(write);
        await Expect(Problem).ToContainTextAsync("The service is not ready");
        await Expect(Page.Locator(".branch .token")).ToHaveTextAsync(["Ay"]);
    }

    [Fact]
    public async Task Only_the_newest_answer_is_shown_when_an_older_one_comes_late()
    {
        Asking judge = Asking.Judge;
        await OpenAsync(judge.Tab);
        var held = new TaskCompletionSource<IRoute>(TaskCreationOptions.RunContinuationsAsynchronously);
        await Page.RouteAsync(judge.Route, route => held.Task.IsCompleted ? route.ContinueAsync() : Task.FromResult(held.TrySetResult(route)));
        await TextBox(judge.Label).FillAsync("The older text.");
        IRoute older = await held.Task;
        await TextBox(judge.Label).FillAsync("The newer text.");
        await Expect(Panel.Locator(".over-text")).ToHaveTextAsync("The newer text.");
        await older.AbortAsync();
        await Expect(Panel.Locator(".over-text")).ToHaveTextAsync("The newer text.");
        await Expect(Problem).ToBeHiddenAsync();
    }

    [Fact]
    public async Task A_file_is_judged_to_its_end_though_the_service_refuses_once_and_one_text_cannot_be_used()
    {
        const int texts = 100, tooLong = 40;
        await OpenAsync("judge");
        await Expect(Panel.Locator(".over-text")).ToBeVisibleAsync();
        await RefuseOnceAsync(Asking.Judge, route => route.RefuseAsync(429, "overloaded", "too many requests are waiting", retryAfter: 1));
        await Page.GetByRole(AriaRole.Region, new() { Name = "A file of texts" }).DropAsync(
            "films.txt", string.Join('\n', Enumerable.Range(0, texts).Select(i => i == tooLong ? new string('a', 20_001) : $"Film number {i} is lovely.")));
        await Button($"Judge {texts} texts").ClickAsync();
        await Expect(Panel.GetByText($"{texts} of {texts} texts of")).ToBeVisibleAsync();
        IDownload download = await Page.RunAndWaitForDownloadAsync(() => Button("Download the answers as CSV").ClickAsync());
        string[] rows = (await File.ReadAllTextAsync(await download.PathAsync())).Split("\r\n", StringSplitOptions.RemoveEmptyEntries)[1..];
        Assert.Equal(texts, rows.Length);
        Assert.Contains("20000", rows[tooLong], StringComparison.Ordinal);
        Assert.All(rows.Index().Where(row => row.Index != tooLong), row => Assert.StartsWith($"Film number {row.Index} is lovely.,positive,", row.Item, StringComparison.Ordinal));
    }
}
