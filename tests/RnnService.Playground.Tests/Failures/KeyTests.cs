namespace RnnService.Playground.Tests.Failures;

/// <summary>A proxy in front that wants a key: the page asks for it and sends it with every call.</summary>
public sealed class KeyTests(Chromium browser, ShippedService service) : PlaygroundTest(browser, service)
{
    [Fact]
    public async Task A_key_is_asked_for_sent_and_kept_until_the_tab_is_closed()
    {
        const string key = "a key with spaces?";
        Watch.FailedAnswersAreExpected = true;
        await Page.RouteAsync(url => new Uri(url).AbsolutePath is "/models" or "/classify", async route =>
        {
            bool knows = await route.Request.HeaderValueAsync("authorization") == "Bearer " + key;
            await (knows ? route.ContinueAsync() : route.RefuseAsync(401, "unauthorized", "no key was sent"));
        });

        await Page.GotoAsync(Service.Url + "/#judge");
        await Expect(Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("A key is needed");
        await Page.GetByLabel("Key", new() { Exact = true }).FillAsync(key);
        await Page.Keyboard.PressAsync("Enter");
        await TextBox("Text").FillAsync("A lovely film.");
        await Expect(Panel.Locator(".over-text")).ToHaveTextAsync("A lovely film.");

        await Page.GetByText("Do it yourself").ClickAsync();
        await Expect(Page.GetByLabel("Code", new() { Exact = true })).ToContainTextAsync("Bearer $RNN_KEY");
        Assert.DoesNotContain(key, await Page.ContentAsync(), StringComparison.Ordinal);

        await Page.ReloadAsync();
        await Expect(Panel.Locator(".over-text")).ToHaveTextAsync("A lovely film.");
        IPage other = await Page.Context.NewPageAsync();
        Assert.Null(await EvaluateStoredKeyAsync(other));
    }

    private async Task<string?> EvaluateStoredKeyAsync(IPage other)
    {
        await other.GotoAsync(Service.Url + "/#tag");
        return await other.EvaluateAsync<string?>("sessionStorage.getItem('rnn-playground:key') ?? localStorage.getItem('rnn-playground:key')");
    }
}
