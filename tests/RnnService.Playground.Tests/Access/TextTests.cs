namespace RnnService.Playground.Tests.Access;

/// <summary>Text of any script goes in and comes out as it is read, and offsets hit the right letters.</summary>
public sealed class TextTests(Chromium browser, ShippedService service) : PlaygroundTest(browser, service)
{
    public static TheoryData<string, string> Directions => new()
    {
        { "هذا فيلم جميل جدا.", "rtl" },
        { "זה סרט נפלא.", "rtl" },
        { "这是一部很好的电影。", "ltr" },
        { "A lovely film.", "ltr" },
    };

    [Theory]
    [MemberData(nameof(Directions))]
    public async Task A_text_reads_in_its_own_direction_where_it_is_typed_and_where_it_is_shown(string text, string direction)
    {
        await OpenAsync("judge");
        await TextBox("Text").FillAsync(text);
        ILocator shown = Panel.Locator(".over-text");
        await Expect(shown).ToHaveTextAsync(text);
        Assert.Equal(direction, await DirectionAsync(TextBox("Text")));
        Assert.Equal(direction, await DirectionAsync(shown));
        if (direction == "rtl")
            Assert.True((await shown.Locator(".token").First.BoundingBoxAsync())!.X > (await shown.Locator(".token").Last.BoundingBoxAsync())!.X);
    }

    [Fact]
    public async Task Words_after_emoji_and_rare_letters_are_the_ones_that_are_coloured()
    {
        await OpenAsync("tag");
        await TextBox("Text").FillAsync("");
        await TextBox("Text").FillAsync("👩‍👩‍👧 𝒜 naïve cat sat. 😀 Paris");
        await Expect(Panel.Locator(".tag-text .token", new() { HasTextString = "cat" })).ToHaveTextAsync("catNOUN");
        await Expect(Panel.Locator(".tag-text .token").Last).ToHaveTextAsync("ParisPROPN");
        Assert.Equal("👩‍👩‍👧 𝒜 naïve cat sat. 😀 Paris", await Panel.Locator(".tag-text").EvaluateAsync<string>(
            "text => { const copy = text.cloneNode(true); copy.querySelectorAll('small').forEach(label => label.remove()); return copy.textContent; }"));
    }

    [Fact]
    public async Task Markup_in_a_text_stays_text()
    {
        const string text = "<img src=x onerror=alert(1)> & <b>bold</b>";
        await OpenAsync("judge");
        await TextBox("Text").FillAsync(text);
        await Expect(Panel.Locator(".over-text")).ToHaveTextAsync(text);
        await Expect(Panel.Locator(".over-text img, .over-text b")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task What_the_model_cannot_read_is_said()
    {
        await OpenAsync("judge");
        await TextBox("Text").FillAsync("这是一部很好的电影。");
        await Expect(Panel.Locator(".warning")).ToBeVisibleAsync();
    }

    private static Task<string> DirectionAsync(ILocator element) => element.EvaluateAsync<string>("element => getComputedStyle(element).direction");
}
