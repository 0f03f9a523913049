using System.Text.RegularExpressions;

namespace RnnService.Playground.Tests.Access;

/// <summary>Every tab does what it is for without a mouse.</summary>
public sealed class KeyboardTests(Chromium browser, TicketService service) : PlaygroundTest(browser, service)
{
    private ILocator Focused => Page.Locator(":focus");

    private IKeyboard Keys => Page.Keyboard;

    [Fact]
    public async Task Arrow_keys_go_from_tab_to_tab()
    {
        await OpenAsync("write");
        await Tab("Write").TabToAsync();
        foreach (string next in TabView.All.Skip(1).Append(TabView.All[0]).Select(view => view.Title))
        {
            await Keys.PressAsync("ArrowRight");
            await Expect(Tab(next)).ToBeFocusedAsync();
            await Expect(Page.GetByRole(AriaRole.Tabpanel, new() { Name = next })).ToBeVisibleAsync();
            await Expect(Page.GetByRole(AriaRole.Tabpanel)).ToHaveCountAsync(1);
        }

        await Keys.PressAsync("ArrowLeft");
        await Expect(Tab("Models and service")).ToBeFocusedAsync();
        await Keys.PressAsync("Home");
        await Expect(Tab("Write")).ToBeFocusedAsync();
        await Keys.PressAsync("End");
        await Expect(Tab("Models and service")).ToBeFocusedAsync();
        await Expect(Page).ToHaveTitleAsync(new Regex("^Models and service"));
    }

    [Fact]
    public async Task Writing_and_another_branch()
    {
        await OpenAsync("write");
        await TextBox("Text to go on from").TabToAsync();
        await Keys.PressAsync("Control+a");
        await Keys.TypeAsync("ROMEO:");
        await Keys.PressAsync("Control+Enter");
        ILocator first = Page.GetByRole(AriaRole.Article, new() { Name = "Branch 1" });
        await Expect(first.Locator(".token").Nth(5)).ToBeVisibleAsync();
        await Expect(first.GetByRole(AriaRole.Button, new() { Name = "Continue" })).ToBeVisibleAsync();

        await first.Locator(".token").First.TabToAsync();
        await Keys.PressAsync("ArrowRight");
        await Keys.PressAsync("ArrowRight");
        await Expect(Page.GetByRole(AriaRole.Dialog)).ToBeVisibleAsync();
        await Keys.PressAsync("Enter");
        await Expect(Page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button).First).ToBeFocusedAsync();
        await Keys.PressAsync("ArrowDown");
        await Keys.PressAsync("Enter");
        ILocator second = Page.GetByRole(AriaRole.Article, new() { Name = "Branch 2" });
        await Expect(second.Locator(".token").Nth(5)).ToBeVisibleAsync();
        await Expect(second.Locator(":focus")).ToHaveCountAsync(1);
    }

    [Fact]
    public async Task Judging_word_by_word()
    {
        await OpenAsync("judge");
        await TypeAsync("A lovely film.");
        await Expect(Panel.Locator(".over-text")).ToHaveTextAsync("A lovely film.");
        await Panel.Locator(".over-text .token").First.TabToAsync();
        await Keys.PressAsync("ArrowRight");
        await Expect(Focused).ToHaveTextAsync("lovely");
        await Expect(Page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("lovely");
        await Keys.PressAsync("Escape");
        await Expect(Page.GetByRole(AriaRole.Dialog)).ToBeHiddenAsync();
        await Panel.GetByRole(AriaRole.Slider).TabToAsync();
        await Keys.PressAsync("Home");
        await Expect(Panel.Locator(".unread")).ToHaveCountAsync(3);
    }

    [Fact]
    public async Task Tagging_and_what_else_a_word_might_be()
    {
        await OpenAsync("tag");
        await TypeAsync("Time flies.");
        await Expect(Panel.Locator(".tag-text .token").First).ToContainTextAsync("Time");
        await Panel.Locator(".tag-text .token").First.TabToAsync();
        await Keys.PressAsync("End");
        await Expect(Focused).ToContainTextAsync("PUNCT");
        await Keys.PressAsync("ArrowLeft");
        await Expect(Focused).ToContainTextAsync("flies");
        await Expect(Page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Listitem)).ToHaveCountAsync(4);
    }

    [Fact]
    public async Task Writing_a_tune_and_hearing_it()
    {
        await OpenAsync("music");
        await PickAsync(TinyModels.Tunes);
        await Button("Write a tune").TabToAsync();
        await Keys.PressAsync("Enter");
        await Expect(Button("Play")).ToBeEnabledAsync();
        // A tune that lasts until the end has been looked at.
        await TextBox("ABC notation").FillAsync(TinyModels.Header + string.Concat(Enumerable.Repeat(TinyModels.Tune, 8)));
        await Expect(Panel.Locator(".notes [data-name=note]")).ToHaveCountAsync(8 * 21);
        await Button("Play").TabToAsync();
        await Keys.PressAsync("Space");
        await Expect(Panel.Locator(".sounding").First).ToBeVisibleAsync();
        await Expect(Focused).ToHaveTextAsync("Pause");
        await Keys.PressAsync("Space");
        await Expect(Panel.Locator(".sounding")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Typing_numbers_and_speaking_digits()
    {
        await Page.Context.GrantPermissionsAsync(["microphone"]);
        await OpenAsync("numbers");
        await PickAsync(TinyModels.Phases);
        await TextBox("Numbers, a step a line").TabToAsync();
        await Keys.PressAsync("Control+a");
        await Keys.TypeAsync("1,2\n3,4");
        await Expect(Panel.Locator(".chart")).ToHaveAttributeAsync("aria-label", new Regex("flow: from 2"));
        await PickAsync("digits");
        await Button("Listen").TabToAsync();
        await Keys.PressAsync("Enter");
        await Expect(Panel.Locator(".wave-heard li").First).ToBeVisibleAsync();
        await Keys.PressAsync("Enter");
        await Expect(Focused).ToHaveTextAsync("Listen");
    }

    [Fact]
    public async Task Looking_at_a_unit()
    {
        await OpenAsync("inside");
        ILocator units = Panel.GetByRole(AriaRole.Listbox);
        await Expect(units).ToBeVisibleAsync();
        await units.TabToAsync();
        await Keys.PressAsync("ArrowDown");
        await Keys.PressAsync("Enter");
        await Expect(Panel.GetByRole(AriaRole.Heading, new() { NameRegex = new Regex("^Unit 1 ") })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_card_is_unfolded()
    {
        await OpenAsync("service");
        ILocator card = Panel.GetByRole(AriaRole.Article).Filter(new() { HasText = "Training curve" }).First;
        ILocator fold = card.GetByText("Training curve");
        await Expect(fold).ToBeVisibleAsync();
        await fold.TabToAsync();
        await Keys.PressAsync("Enter");
        await Expect(card.GetByRole(AriaRole.Img)).ToBeVisibleAsync();
    }

    [Fact]
    public async Task The_focus_can_be_seen()
    {
        await ShowAsync(TabView.Of("judge"));
        await Tab("Judge").FocusAsync();
        int stops = 0;
        await Keys.PressAsync("Tab");
        for (; await Focused.CountAsync() > 0; stops++)
        {
            Assert.Equal("solid", await Focused.EvaluateAsync<string>("element => getComputedStyle(element).outlineStyle"));
            await Keys.PressAsync("Tab");
        }

        Assert.InRange(stops, 6, 60);
    }

    private ILocator Tab(string name) => Page.GetByRole(AriaRole.Tab, new() { Name = name, Exact = true });

    private async Task TypeAsync(string text)
    {
        await TextBox("Text").TabToAsync();
        await Keys.PressAsync("Control+a");
        await Keys.TypeAsync(text);
    }
}
