using System.Text.Json;
using System.Text.RegularExpressions;

namespace RnnService.Playground.Tests.Tabs;

/// <summary>Tabs for what not every service serves are there only where it is.</summary>
public sealed class ServedTabTests(Chromium browser, TicketService service) : PlaygroundTest(browser, service)
{
    private static IEnumerable<TabView> Optional => TabView.All.Where(view => view.Model is not null);

    [Fact]
    public async Task They_are_there_with_a_model_of_their_kind()
    {
        await OpenAsync("write");
        await Expect(Page.GetByRole(AriaRole.Tab)).ToHaveTextAsync(TabView.All.Select(view => view.Title));
    }

    [Fact]
    public async Task Without_one_they_are_neither_seen_nor_reached()
    {
        Assert.NotEmpty(Optional);
        await Page.RouteAsync("**/models", async route =>
        {
            IAPIResponse answer = await route.FetchAsync();
            IEnumerable<JsonElement> known = (await answer.JsonAsync())!.Value.EnumerateArray()
                .Where(card => card.GetProperty("name").GetString() is "shakespeare" or "sentiment" or "pos");
            await route.FulfillAsync(new() { Response = answer, Body = JsonSerializer.Serialize(known) });
        });
        await Page.GotoAsync($"{Service.Url}/#{Optional.First().Id}");
        await Expect(Page).ToHaveURLAsync(new Regex("#write$"));
        await Expect(Page.GetByRole(AriaRole.Tab)).ToHaveTextAsync(TabView.All.Except(Optional).Select(view => view.Title));
        await Page.GetByRole(AriaRole.Tab, new() { Name = "Tag" }).ClickAsync();
        await Page.Keyboard.PressAsync("ArrowRight");
        await Expect(Page).ToHaveURLAsync(new Regex("#inside$"));
    }
}
