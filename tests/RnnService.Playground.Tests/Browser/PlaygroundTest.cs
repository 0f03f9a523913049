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

    /// <summary>The window, unless a class needs another: a laptop's, light.</summary>
    protected virtual BrowserNewContextOptions Window => new()
    {
        ViewportSize = new() { Width = 1280, Height = 800 },
        ColorScheme = ColorScheme.Light,
        Locale = "en-GB",
    };

    public virtual async ValueTask InitializeAsync() => await NewWindowAsync(Window);

    /// <summary>Closes the window there is and opens another.</summary>
    protected async Task NewWindowAsync(BrowserNewContextOptions window)
    {
        if (Page is not null) await Page.Context.CloseAsync();
        IBrowserContext context = await browser.NewContextAsync(window);
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
        Assert.Empty(Watch.TakeFaults());
    }

    /// <summary>What the page looked like when the test failed.</summary>
    private async Task KeepPictureAsync()
    {
        string name = string.Concat(TestContext.Current.Test!.TestDisplayName.Select(letter => char.IsLetterOrDigit(letter) || letter == '.' ? letter : '_'));
        await Page.ScreenshotAsync(new() { Path = Path.Combine(Repository.Root, "TestResults", "playground", name + ".png"), FullPage = true });
    }
}
