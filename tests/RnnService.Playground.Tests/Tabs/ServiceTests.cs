using System.Text.RegularExpressions;

namespace RnnService.Playground.Tests.Tabs;

/// <summary>Models and service: cards, curves, live numbers, and what is broken and why.</summary>
public sealed class ServiceTests(Chromium browser, TicketService service) : PlaygroundTest(browser, service)
{
    [Fact]
    public async Task Every_model_has_a_card_with_its_score_and_curve()
    {
        await OpenAsync("service");
        foreach (string name in ShippedModels.Names) await Expect(Card(name)).ToBeVisibleAsync();
        await Expect(Card("sentiment")).ToContainTextAsync("84.40 %");
        await Expect(Card("sentiment")).ToContainTextAsync("MIT");
        await Card("sentiment").GetByText("Training curve").ClickAsync();
        ILocator curve = Card("sentiment").GetByRole(AriaRole.Img);
        await Expect(curve).ToBeVisibleAsync();
        Assert.True(await curve.EvaluateAsync<bool>("image => image.decode().then(() => image.naturalWidth > 100)"));
        await Card("sentiment").GetByText("Card", new() { Exact = true }).ClickAsync();
        await Expect(Card("sentiment").GetByText("Stanford Sentiment Treebank")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_folder_that_is_broken_says_why()
    {
        await OpenAsync("service");
        await Expect(Card(TicketService.Broken)).ToContainTextAsync("broken");
        await Expect(Card(TicketService.Broken)).ToContainTextAsync("config.json");
    }

    [Fact]
    public async Task The_numbers_move_while_the_service_works()
    {
        await OpenAsync("service");
        ILocator memory = Gauge("Memory").Locator("b");
        await Expect(memory).ToHaveTextAsync(new Regex(@"^[\d,]+ MB$"));
        var written = Gauge("Tokens a second").Locator("b").First;
        await Expect(written).ToHaveTextAsync("0");
        Task working = Service.PostAsync("/generate", new { inputs = "ROMEO:", parameters = new { max_new_tokens = 4000 } });
        await Expect(written).ToHaveTextAsync(new Regex("[1-9]"));
        await working;
        await Expect(Page.GetByText("Ready: requests are answered.")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task An_example_of_a_card_opens_in_its_tab()
    {
        await OpenAsync("service");
        ILocator example = Card("sentiment").GetByRole(AriaRole.Listitem).GetByRole(AriaRole.Button).First;
        string text = await example.TextContentAsync() ?? "";
        await example.ClickAsync();
        await Expect(Page.GetByRole(AriaRole.Tab, new() { Name = "Judge" })).ToHaveAttributeAsync("aria-selected", "true");
        await Expect(TextBox("Text")).ToHaveValueAsync(text);
    }

    private ILocator Card(string name) => Panel.GetByRole(AriaRole.Article).Filter(new() { Has = Page.GetByRole(AriaRole.Heading, new() { Name = name, Exact = true }) });

    private ILocator Gauge(string title) => Panel.Locator(".gauge").Filter(new() { Has = Page.GetByRole(AriaRole.Heading, new() { Name = title }) });
}
