using System.Text.RegularExpressions;

namespace RnnService.Playground.Tests.Access;

/// <summary>Small windows, no script, less motion, a dark theme.</summary>
public sealed class WindowTests(Chromium browser, TicketService service) : PlaygroundTest(browser, service)
{
    public static TheoryData<string> Tabs => [.. TabView.All.Select(view => view.Id)];

    [Theory]
    [MemberData(nameof(Tabs))]
    public async Task On_a_phone_the_page_is_no_wider_than_the_window(string tab)
    {
        const int width = 360;
        await NewWindowAsync(width);
        await ShowAsync(TabView.Of(tab));
        Assert.InRange(await Page.EvaluateAsync<int>("document.documentElement.scrollWidth"), 1, width);
    }

    [Fact]
    public async Task Nor_with_a_word_that_is_wider_than_the_window()
    {
        const int width = 390;
        await NewWindowAsync(width);
        await OpenAsync("judge");
        await TextBox("Text").FillAsync($"see https://example.org/{new string('x', 400)} now");
        await Expect(Panel.Locator(".over-text .token").Last).ToHaveTextAsync("now");
        await Panel.Locator(".over-text .token").Nth(2).HoverAsync();
        await Expect(Page.GetByRole(AriaRole.Dialog)).ToBeVisibleAsync();
        Assert.InRange(await Page.EvaluateAsync<int>("document.documentElement.scrollWidth"), 1, width);
    }

    [Fact]
    public async Task Without_script_the_page_says_what_is_needed_and_what_works_all_the_same()
    {
        await NewWindowAsync(script: false);
        await Page.GotoAsync(Service.Url + "/");
        await Expect(Page.Locator("noscript h2")).ToHaveTextAsync("This page needs JavaScript");
        await Expect(Page.Locator("noscript h2")).ToBeVisibleAsync();
        await Expect(Page.Locator("noscript pre")).ToContainTextAsync("curl");
    }

    [Fact]
    public async Task Whoever_asks_for_less_motion_gets_none()
    {
        await NewWindowAsync(motion: ReducedMotion.Reduce);
        await ShowAsync(TabView.Of("judge"));
        await Button("Play").ClickAsync();
        await Expect(Button("Pause")).ToHaveCountAsync(0);
        await Expect(Panel.Locator(".unread")).ToHaveCountAsync(0);
        Assert.Equal("0s", await Button("Play").EvaluateAsync<string>("button => getComputedStyle(button).transitionDuration"));
        Assert.Equal(0, await Page.EvaluateAsync<int>("document.getAnimations().length"));
    }

    [Fact]
    public async Task The_theme_follows_the_system_until_it_is_chosen_and_is_then_kept()
    {
        await NewWindowAsync(theme: ColorScheme.Dark);
        await OpenAsync("write");
        string dark = await Page.Locator("body").ColourAsync();
        await Button("Light theme").ClickAsync();
        await Expect(Page.Locator("body")).Not.ToHaveCSSAsync("background-color", dark);
        await Page.ReloadAsync();
        await Expect(Button("Dark theme")).ToBeVisibleAsync();
        await Expect(Page.Locator("body")).Not.ToHaveCSSAsync("background-color", dark);
        await Button("Dark theme").ClickAsync();
        await Expect(Page.Locator("body")).ToHaveCSSAsync("background-color", dark);
    }

    [Fact]
    public async Task A_tab_has_an_address_of_its_own()
    {
        await OpenAsync("tag");
        await Page.GetByRole(AriaRole.Tab, new() { Name = "Look inside" }).ClickAsync();
        await Expect(Page).ToHaveURLAsync(new Regex("#inside$"));
        await Page.ReloadAsync();
        await Expect(Page.GetByRole(AriaRole.Tabpanel, new() { Name = "Look inside" })).ToBeVisibleAsync();
    }
}
