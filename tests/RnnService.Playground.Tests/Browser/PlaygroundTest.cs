namespace RnnService.Playground.Tests.Browser;

/// <summary>A test of the page: a fresh browser window on a service that runs, watched until it closes.</summary>
public abstract class PlaygroundTest(Chromium browser, PlaygroundService service) : IAsyncLifetime
{
    /// <summary>Milliseconds that a thing which must happen may take: far more than it does, for machines that are busy with other things.</summary>
    private const float Patience = 60_000;

    static PlaygroundTest() => SetDefaultExpectTimeout(Patience);

    /// <summary>The one window's page.</summary>
    protected IPage Page { get; private set; } = null!;

    /// <summary>What the page asked for and did wrong.</summary>
    protected PageWatch Watch { get; private set; } = null!;

    /// <summary>The service that the page comes from.</summary>
    protected PlaygroundService Service => service;

    public virtual async ValueTask InitializeAsync() => await NewWindowAsync();

    /// <summary>Opens the page at a tab and waits until the tab can be used.</summary>
    protected async Task OpenAsync(string tab)
    {
        await Page.GotoAsync($"{Service.Url}/#{tab}");
        await Expect(Page.GetByRole(AriaRole.Tab, new() { Selected = true })).ToHaveAttributeAsync("aria-controls", $"panel-{tab}");
        await Expect(Page.Locator($"#panel-{tab}")).Not.ToBeEmptyAsync();
        await Expect(Page.GetByText("The models are being loaded")).ToBeHiddenAsync();
    }

    /// <summary>Opens a tab and has it show an answer: of the text that stands there, or of one that is typed where none does.</summary>
    protected async Task ShowAsync(TabView view)
    {
        await OpenAsync(view.Id);
        if (view.Model is { } model) await PickAsync(model);
        else if (view.Id != "service" && await Panel.Locator("textarea").First.InputValueAsync() == "")
            await Panel.Locator("textarea").First.FillAsync("A lovely film of Marie Curie.");
        if (view.Button is { } button) await Button(button).ClickAsync();
        await Expect(Panel.Locator(view.Shown).First).ToBeVisibleAsync();
        await Expect(Page.Locator("[aria-busy=true]")).ToHaveCountAsync(0);
    }

    /// <summary>Picks a model in the tab that is shown, which has a choice where there are several of its kind.</summary>
    protected async Task PickAsync(string model)
    {
        await Panel.Locator(".model-picker").WaitForAsync();
        if (await Panel.GetByLabel("Model").CountAsync() > 0) await Panel.GetByLabel("Model").SelectOptionAsync(model);
        else await Expect(Panel.Locator(".one-model b")).ToHaveTextAsync(model);
    }

    /// <summary>The tab that is shown.</summary>
    protected ILocator Panel => Page.GetByRole(AriaRole.Tabpanel);

    /// <summary>Where a text is typed, by its label.</summary>
    protected ILocator TextBox(string label) => Panel.GetByRole(AriaRole.Textbox, new() { Name = label, Exact = true });

    /// <summary>A button of the page by its text.</summary>
    protected ILocator Button(string name) => Page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    /// <summary>Opens a window, in the place of the one there is: unless told otherwise a laptop's, light.</summary>
    protected async Task NewWindowAsync(
        int width = 1280, int height = 800, ColorScheme theme = ColorScheme.Light, bool script = true, ReducedMotion motion = ReducedMotion.NoPreference)
    {
        if (Page is not null) await Page.Context.CloseAsync();
        IBrowserContext context = await browser.NewContextAsync(new()
        {
            ViewportSize = new() { Width = width, Height = height },
            ColorScheme = theme,
            JavaScriptEnabled = script,
            ReducedMotion = motion,
            Locale = "en-GB",
        });
        context.SetDefaultTimeout(Patience);
        await service.StartAsync();
        Watch = new PageWatch(context, service.Url);
        Page = await context.NewPageAsync();
    }

    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (Page is null) return;
        if (TestContext.Current.TestState?.Result == TestResult.Failed) await KeepPictureAsync();
        await Page.Context.CloseAsync();
        string faults = string.Join(Environment.NewLine, Watch.TakeFaults());
        Assert.True(faults.Length == 0, faults);
    }

    /// <summary>What the page looked like when the test failed.</summary>
    private async Task KeepPictureAsync()
    {
        string name = string.Concat(TestContext.Current.Test!.TestDisplayName.Select(letter => char.IsLetterOrDigit(letter) || letter == '.' ? letter : '_'));
        await Page.ScreenshotAsync(new() { Path = Path.Combine(Repository.Root, "TestResults", "playground", name + ".png"), FullPage = true });
    }
}
