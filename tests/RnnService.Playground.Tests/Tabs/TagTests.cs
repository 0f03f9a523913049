using System.Text.Json;
using System.Text.RegularExpressions;

namespace RnnService.Playground.Tests.Tabs;

/// <summary>Tag: coloured spans, what else each might have been, and copies for other programs.</summary>
public sealed class TagTests(Chromium browser, ShippedService service) : PlaygroundTest(browser, service)
{
    private const string Sentence = "Time flies like an arrow.\nMarie Curie worked in Paris.";

    private ILocator Spans => Panel.Locator(".tag-text .token");

    private ILocator Popover => Page.GetByRole(AriaRole.Dialog);

    [Fact]
    public async Task Spans_have_the_labels_of_the_answer_and_a_colour_each_label()
    {
        await TagAsync(Sentence);
        JsonElement answer = await Service.PostAsync("/tag", new { inputs = Sentence });
        await Expect(Spans).ToHaveTextAsync(answer.EnumerateArray().Select(span => span.GetProperty("word").GetString()! + span.GetProperty("entity_group").GetString()));
        Assert.Equal(await Span("Marie").ColourAsync(), await Span("Paris").ColourAsync());
        Assert.NotEqual(await Span("Marie").ColourAsync(), await Span("worked").ColourAsync());
        await Expect(Span("Marie")).ToHaveAttributeAsync("title", new Regex("^PROPN "));
    }

    [Fact]
    public async Task Pointing_at_a_span_shows_what_else_it_might_be()
    {
        await TagAsync(Sentence);
        JsonElement answer = await Service.PostAsync("/tag", new { inputs = Sentence, parameters = new { alternatives = 3 } });
        JsonElement flies = answer.EnumerateArray().Single(span => span.GetProperty("word").GetString() == "flies");
        await Span("flies").HoverAsync();
        await Expect(Popover.GetByRole(AriaRole.Listitem).Locator(".score-name")).ToHaveTextAsync(
            [flies.GetProperty("entity_group").GetString()!, .. flies.GetProperty("alternatives").EnumerateArray().Select(other => other.GetProperty("label").GetString()!)]);
        Assert.True((await Popover.Locator(".score-bar").First.BoundingBoxAsync())!.Width > 60, "the bars are too short to be read");
        await TextBox("Text").HoverAsync();
        await Expect(Popover).ToBeHiddenAsync();
    }

    [Fact]
    public async Task A_label_that_is_picked_is_shown_alone()
    {
        await TagAsync(Sentence);
        ILocator key = Panel.GetByRole(AriaRole.Button, new() { NameRegex = new Regex("^PROPN 3$") });
        await key.ClickAsync();
        await Expect(key).ToHaveAttributeAsync("aria-pressed", "true");
        await Expect(Spans.And(Page.Locator(":not(.passed)"))).ToHaveCountAsync(3);
        await key.ClickAsync();
        await Expect(Spans.And(Page.Locator(".passed"))).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task The_answer_is_copied_as_CoNLL_and_as_JSON()
    {
        await Page.Context.GrantPermissionsAsync(["clipboard-read", "clipboard-write"]);
        await TagAsync("Marie worked.\nShe left.");
        await Button("Copy as CoNLL").ClickAsync();
        Assert.Equal("Marie\tPROPN\nworked\tVERB\n.\tPUNCT\n\nShe\tPRON\nleft\tVERB\n.\tPUNCT\n", await Page.ClipboardAsync("Marie"));

        await Button("Copy as JSON").ClickAsync();
        JsonElement copied = JsonSerializer.Deserialize<JsonElement>(await Page.ClipboardAsync("["));
        Assert.Equal(["Marie", "worked", ".", "She", "left", "."], copied.EnumerateArray().Select(span => span.GetProperty("word").GetString()));
    }

    private ILocator Span(string word) => Spans.Filter(new() { HasTextString = word });

    private async Task TagAsync(string text)
    {
        await OpenAsync("tag");
        await Expect(Spans.First).ToBeVisibleAsync(); // the example's answer, which could else come between
        await TextBox("Text").FillAsync("");
        await Expect(Spans.First).ToBeHiddenAsync();
        await TextBox("Text").FillAsync(text);
        await Expect(Spans.First).ToBeVisibleAsync();
    }
}
