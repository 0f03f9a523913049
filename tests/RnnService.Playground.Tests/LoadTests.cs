namespace RnnService.Playground.Tests;

/// <summary>The page loads what the tab that is shown needs, when it is shown, and tells when that does not come.</summary>
public sealed class LoadTests(Chromium browser, TicketService service) : PlaygroundTest(browser, service)
{
    private IEnumerable<string> Loaded => Watch.Requests.Select(request => new Uri(request.Url).AbsolutePath)
        .Where(path => path.StartsWith("/playground/", StringComparison.Ordinal)).Select(path => path["/playground/".Length..])
        .Where(file => file != "icon.svg"); // which the browser asks for when it likes

    [Fact]
    public async Task Files_come_once_with_the_first_tab_that_needs_them()
    {
        await OpenAsync("write");
        Assert.Equal(PageFiles.OfPage.Except(["index.html", "icon.svg"]).Concat(PageFiles.OfTab("write")).Order(), Loaded.Order());
        foreach (TabView view in TabView.All.Skip(1))
        {
            string[] before = [.. Loaded];
            await Page.GetByRole(AriaRole.Tab, new() { Name = view.Title, Exact = true }).ClickAsync();
            await Expect(Panel).Not.ToBeEmptyAsync();
            Assert.Equal(PageFiles.OfTab(view.Id).Except(before).Order(), Loaded.Skip(before.Length).Order());
        }
    }

    [Fact]
    public async Task A_tab_that_is_left_and_opened_again_meanwhile_comes_once()
    {
        var held = new TaskCompletionSource<IRoute>(TaskCreationOptions.RunContinuationsAsynchronously);
        await OpenAsync("write");
        await Page.RouteAsync("**/tabs/tag.js", route => Task.FromResult(held.TrySetResult(route)));
        foreach (string title in (string[])["Tag", "Write", "Tag"]) await Page.GetByRole(AriaRole.Tab, new() { Name = title, Exact = true }).ClickAsync();
        await (await held.Task).ContinueAsync();
        await Expect(Panel.Locator(".tag-text .token").First).ToBeVisibleAsync();
        Assert.Equal(PageFiles.OfTab("tag").Order(), Loaded.Where(PageFiles.OfTab("tag").Contains).Order());
        await Expect(Page.Locator("link[href$='tag.css']")).ToHaveCountAsync(1);
    }

    [Theory]
    [InlineData("**/tabs/tag.js")]
    [InlineData("**/tabs/tag.css")]
    [InlineData("**/tabs/score-bars.js")]
    public async Task What_does_not_come_is_said_and_asked_for_again(string file)
    {
        await OpenAsync("write");
        Watch.FailedAnswersAreExpected = true;
        await Page.RouteAsync(file, route => route.AbortAsync("connectionrefused"), new() { Times = 1 });
        await Page.GetByRole(AriaRole.Tab, new() { Name = "Tag", Exact = true }).ClickAsync();
        await Expect(Panel.GetByRole(AriaRole.Alert)).ToContainTextAsync("The service cannot be reached");
        await Button("Try again").ClickAsync();
        await Expect(Panel.Locator(".tag-text .token").First).ToBeVisibleAsync();
    }
}
