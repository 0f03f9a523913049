using System.Text.RegularExpressions;

namespace RnnService.Playground.Tests;

/// <summary>
/// The pictures that README and docs/playground.md show: taken anew with <c>RNN_REFRESH_DOCS=1</c>, otherwise looked at as files alone.
/// </summary>
public sealed class PictureTests(Chromium browser, ShippedService service) : PlaygroundTest(browser, service)
{
    private const int MostBytes = 200_000;

    private static bool IsRefreshing => Environment.GetEnvironmentVariable(Repository.Refresh) is { Length: > 0 };

    /// <summary>No window is opened where no picture is taken.</summary>
    public override ValueTask InitializeAsync() => IsRefreshing ? base.InitializeAsync() : ValueTask.CompletedTask;

    [Fact]
    public Task Write() => PictureAsync("write", ColorScheme.Light, async () =>
    {
        await OpenAsync("write");
        await TextBox("Text to go on from").FillAsync("ROMEO:\n");
        await Panel.GetByText("Knobs").ClickAsync();
        await Page.GetByLabel("Length").FillAsync("240");
        await Page.GetByLabel("Seed").FillAsync("7");
        await Page.GetByLabel("Temperature").FillAsync("0.7");
        await Panel.GetByText("Knobs").ClickAsync();
        await Button("Write").ClickAsync();
        ILocator tokens = Panel.Locator(".branch .token");
        await Expect(tokens).ToHaveCountAsync(240);
        await tokens.Nth(5).HoverAsync();
        await Page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button).First.ClickAsync();
        await Expect(tokens).ToHaveCountAsync(240 + 6 + 240);
        await tokens.Nth(40).HoverAsync();
        await Expect(Page.GetByRole(AriaRole.Dialog)).ToBeVisibleAsync();
    });

    [Fact]
    public Task Judge() => PictureAsync("judge", ColorScheme.Light, async () =>
    {
        await OpenAsync("judge");
        await JudgeAsync("Text", "A lovely film, though not without its faults.");
        await Button("Compare with another text").ClickAsync();
        await JudgeAsync("Other text", "The plot is thin and the jokes are old.");
    });

    [Fact]
    public Task Tag() => PictureAsync("tag", ColorScheme.Light, async () =>
    {
        await OpenAsync("tag");
        await TextBox("Text").FillAsync("");
        await TextBox("Text").FillAsync("Time flies like an arrow; fruit flies like a banana. Marie Curie worked in Paris, where she discovered radium and polonium.");
        ILocator word = Panel.Locator(".tag-text .token", new() { HasTextString = "like" }).First;
        await word.HoverAsync();
        await Expect(Page.GetByRole(AriaRole.Dialog)).ToBeVisibleAsync();
    });

    [Fact]
    public Task Translate() => PictureAsync("translate", ColorScheme.Light, async () =>
    {
        await OpenAsync("translate");
        await Panel.GetByLabel("Model").SelectOptionAsync("translate-fr-en");
        await TextBox("Text to translate").FillAsync("Je ne sais pas ce que tu veux dire.");
        await Expect(Panel.Locator(".sources .source").First).ToHaveTextAsync("Je");
    }, height: 1300);

    [Fact]
    public Task Music() => PictureAsync("music", ColorScheme.Light, async () =>
    {
        await OpenAsync("music");
        await Panel.GetByLabel("Seed").FillAsync("3");
        await Button("Write a tune").ClickAsync();
        await Expect(Panel.Locator("p[role=status]")).ToContainTextAsync("seed 3");
        await Button("Play").ClickAsync();
        await Expect(Panel.Locator(".sounding").First).ToBeVisibleAsync();
    });

    [Fact]
    public Task Numbers() => PictureAsync("numbers", ColorScheme.Light, async () =>
    {
        await Page.Context.GrantPermissionsAsync(["microphone"]);
        await OpenAsync("numbers");
        await Button("Listen").ClickAsync();
        await Expect(Panel.Locator(".heard")).ToHaveTextAsync(new Regex(SpokenDigits.Text));
    });

    [Fact]
    public Task Inside() => PictureAsync("inside", ColorScheme.Dark, async () =>
    {
        await ShowAsync(TabView.Of("inside"));
        await Panel.GetByRole(AriaRole.Listbox).GetByRole(AriaRole.Option).Nth(7).ClickAsync();
        await Expect(Panel.GetByRole(AriaRole.Heading, new() { Name = "Unit 7" })).ToBeVisibleAsync();
        await Page.EvaluateAsync("scrollTo(0, 0)");
    });

    [Fact]
    public Task Service_and_models() => PictureAsync("service", ColorScheme.Light, async () =>
    {
        await ShowAsync(TabView.Of("service"));
        for (int round = 0; round < 20; round++)
            await Service.PostAsync("/generate", new { inputs = "ROMEO:", parameters = new { max_new_tokens = 250 * (round % 7 + 1) } });
        await Expect(Panel.Locator(".gauge b").First).Not.ToHaveTextAsync(new Regex("^[0–]$"));
    });

    private async Task JudgeAsync(string label, string text)
    {
        await TextBox(label).FillAsync(text);
        await Expect(Panel.Locator(".over-text").Last).ToHaveTextAsync(text);
    }

    private async Task PictureAsync(string name, ColorScheme theme, Func<Task> prepare, int height = 900)
    {
        string file = Path.Combine(Repository.Root, "docs", "images", $"playground-{name}.png");
        if (IsRefreshing)
        {
            await NewWindowAsync(height: height, theme: theme);
            await prepare();
            await Page.ScreenshotAsync(new() { Path = file, Animations = ScreenshotAnimations.Disabled, Caret = ScreenshotCaret.Hide });
        }

        Assert.InRange(new FileInfo(file).Length, 1, MostBytes);
        Assert.Contains($"images/playground-{name}.png", File.ReadAllText(Path.Combine(Repository.Root, "docs", "playground.md")), StringComparison.Ordinal);
    }
}
