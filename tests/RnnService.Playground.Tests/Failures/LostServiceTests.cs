namespace RnnService.Playground.Tests.Failures;

/// <summary>A service that is killed, and one that is told to stop.</summary>
public sealed class LostServiceTests(Chromium browser) : PlaygroundTest(browser, new LostService())
{
    [Fact]
    public async Task A_service_that_is_killed_is_missed_and_what_was_typed_stays()
    {
        await OpenAsync("judge");
        Watch.FailedAnswersAreExpected = true;
        await TextBox("Text").FillAsync("A lovely film.");
        await Expect(Panel.Locator(".over-text")).ToHaveTextAsync("A lovely film.");
        Service.Signal("KILL");
        await TextBox("Text").FillAsync("A lovely film, it was.");
        await Expect(Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("The service cannot be reached");
        await Expect(TextBox("Text")).ToHaveValueAsync("A lovely film, it was.");
        await Page.GetByRole(AriaRole.Tab, new() { Name = "Models and service" }).ClickAsync();
        await Expect(Page.GetByText("not reachable", new() { Exact = true })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_service_that_is_told_to_stop_says_so_while_it_still_answers()
    {
        await OpenAsync("service");
        await Expect(Panel.GetByText("Ready: requests are answered.")).ToBeVisibleAsync();
        Watch.FailedAnswersAreExpected = true;
        Service.Signal("TERM");
        await Expect(Panel.GetByText("Not ready:")).ToContainTextAsync("stopping");
        await Page.GetByRole(AriaRole.Tab, new() { Name = "Judge" }).ClickAsync();
        await TextBox("Text").FillAsync("A lovely film.");
        await Expect(Panel.Locator(".over-text")).ToHaveTextAsync("A lovely film.");
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Service.Dispose();
    }
}

/// <summary>A service of the test's own, to be killed.</summary>
file sealed class LostService : PlaygroundService
{
    private readonly ShippedModels _models = new();

    protected override string ModelsPath => _models.Path;

    protected override IEnumerable<(string Key, string Value)> Settings => [("Rnn__Http__LingerSeconds", "600")];

    public override void Dispose()
    {
        base.Dispose();
        _models.Dispose();
    }
}
