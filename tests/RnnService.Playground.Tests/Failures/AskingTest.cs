namespace RnnService.Playground.Tests.Failures;

/// <summary>A tab that asks the service about a text: where the text is typed, what is asked, and what shows that an answer came.</summary>
/// <param name="Tab">The tab's id.</param>
/// <param name="Label">The label of its text.</param>
/// <param name="Route">The route that it asks.</param>
/// <param name="Text">A text.</param>
/// <param name="Answer">Elements that only an answer brings.</param>
/// <param name="Awaited">An element that is there while an answer is long awaited.</param>
/// <param name="Button">What is pressed; null where typing is enough.</param>
public sealed record Asking(string Tab, string Label, string Route, string Text, string Answer, string Awaited = "[role=status]:text('Computing …')", string? Button = null)
{
    public static Asking Write { get; } = new("write", "Text to go on from", "**/generate_stream", "JULIET:\n", ".branch .token", ".branch[aria-busy=true]", "Write");

    public static Asking Judge { get; } = new("judge", "Text", "**/classify", "Not a bad film.", ".over-text .token");

    public static Asking Tag { get; } = new("tag", "Text", "**/tag", "Ada wrote it.", ".tag-text .token");

    public static Asking Inside { get; } = new("inside", "Text", "**/inspect", "Ada wrote it.", ".heat-tokens span");

    public override string ToString() => Tab;
}

/// <summary>A test of every tab that asks.</summary>
public abstract class AskingTest(Chromium browser, PlaygroundService service) : PlaygroundTest(browser, service)
{
    public static TheoryData<Asking> Tabs => [Asking.Write, Asking.Judge, Asking.Tag, Asking.Inside];

    /// <summary>What tells that something went wrong.</summary>
    protected ILocator Problem => Page.GetByRole(AriaRole.Alert);

    /// <summary>Has the next request of a tab refused in this way, and those after it answered.</summary>
    protected async Task RefuseOnceAsync(Asking tab, Func<IRoute, Task> refuse)
    {
        Watch.FailedAnswersAreExpected = true;
        await Page.RouteAsync(tab.Route, refuse, new() { Times = 1 });
    }

    /// <summary>Types a tab's text and asks.</summary>
    protected async Task AskAsync(Asking tab)
    {
        await TextBox(tab.Label).FillAsync(tab.Text);
        if (tab.Button is { } button) await Button(button).ClickAsync();
    }

    /// <summary>Presses "Try again" and waits for the answer.</summary>
    protected async Task TryAgainAsync(Asking tab)
    {
        await Expect(TextBox(tab.Label)).ToHaveValueAsync(tab.Text);
        await Button("Try again").ClickAsync();
        await AnsweredAsync(tab);
    }

    /// <summary>Waits for the answer, which takes the problem away and leaves the text.</summary>
    protected async Task AnsweredAsync(Asking tab)
    {
        await Expect(Problem).ToBeHiddenAsync();
        await Expect(Page.Locator(tab.Answer).First).ToBeVisibleAsync();
        await Expect(TextBox(tab.Label)).ToHaveValueAsync(tab.Text);
    }
}
