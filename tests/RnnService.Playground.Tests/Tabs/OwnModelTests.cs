using System.Text.Json;

namespace RnnService.Playground.Tests.Tabs;

/// <summary>A classifier that a user trained appears by itself: its labels, the examples of its card, its place in every tab that suits it.</summary>
public sealed class OwnModelTests(Chromium browser, TicketService service) : PlaygroundTest(browser, service)
{
    [Fact]
    public async Task It_judges_with_its_own_labels_and_examples()
    {
        JsonElement card = await Service.GetAsync($"/models/{TicketService.Tickets}");
        string[] examples = [.. card.GetProperty("examples").EnumerateArray().Select(example => example.GetString()!)];
        await OpenAsync("judge");
        await Panel.GetByLabel("Model").SelectOptionAsync(TicketService.Tickets);
        Assert.NotEmpty(examples);
        await Expect(Panel.Locator(".starter")).ToHaveTextAsync(examples);
        await Panel.Locator(".starter").Last.ClickAsync();
        await Expect(TextBox("Text")).ToHaveValueAsync(examples[^1]);

        await TextBox("Text").FillAsync("my card was charged twice");
        await Expect(Panel.Locator(".over-text")).ToHaveTextAsync("my card was charged twice");
        ILocator names = Panel.Locator(".score-bars").First.Locator(".score-name");
        await Expect(names.First).ToHaveTextAsync("billing");
        Assert.Equal(TicketService.Labels.Order(), (await names.AllTextContentsAsync()).Order());
    }

    [Fact]
    public async Task It_can_be_looked_into_and_is_kept_over_a_reload()
    {
        await OpenAsync("inside");
        await Panel.GetByLabel("Model").SelectOptionAsync(TicketService.Tickets);
        await TextBox("Text").FillAsync("the parcel never came");
        await Expect(Panel.Locator(".heat-tokens span")).ToHaveTextAsync(["the", "parcel", "never", "came"]);
        await Page.ReloadAsync();
        await Expect(Panel.GetByLabel("Model")).ToHaveValueAsync(TicketService.Tickets);
        await Expect(Panel.Locator(".heat-tokens span")).ToHaveTextAsync(["the", "parcel", "never", "came"]);
    }
}
