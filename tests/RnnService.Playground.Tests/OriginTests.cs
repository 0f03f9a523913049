namespace RnnService.Playground.Tests;

/// <summary>The page keeps to its own origin by a policy that the browser holds, and works wherever a proxy puts it.</summary>
public sealed class OriginTests(Chromium browser, TicketService service) : PlaygroundTest(browser, service)
{
    [Theory]
    [InlineData("document.body.append(Object.assign(document.createElement('script'), { textContent: 'self.ran = 1' }))")]
    [InlineData("document.body.append(Object.assign(document.createElement('img'), { src: 'http://127.0.0.1:9/' }))")]
    [InlineData("fetch('http://127.0.0.1:9/').catch(() => {})")]
    [InlineData("document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\" onclick=\"self.ran = 1\">')")]
    public async Task What_the_policy_forbids_the_browser_refuses(string script)
    {
        await OpenAsync("write");
        IConsoleMessage refused = await Page.RunAndWaitForConsoleMessageAsync(
            () => Page.EvaluateAsync($"() => {{ {script} }}"), new() { Predicate = message => message.Type == "error" });
        Assert.Contains("Content Security Policy", refused.Text, StringComparison.Ordinal);
        Assert.Null(await Page.EvaluateAsync<int?>("self.ran"));
        Assert.NotEmpty(Watch.TakeFaults());
        Assert.DoesNotContain(Watch.Requests, request => request.Url.Contains(":9/", StringComparison.Ordinal) && request.Failure is null);
    }

    [Fact]
    public async Task All_tabs_work_behind_a_path_that_a_proxy_puts_before_them()
    {
        const string prefix = "/behind/a/proxy";
        await Page.RouteAsync($"**{prefix}/**", async route =>
        {
            IAPIResponse answer = await route.FetchAsync(new() { Url = route.Request.Url.Replace(prefix, "", StringComparison.Ordinal) });
            await route.FulfillAsync(new() { Response = answer });
        });
        await Page.GotoAsync($"{Service.Url}{prefix}/");
        foreach (TabView view in TabView.All)
        {
            await Page.GetByRole(AriaRole.Tab, new() { Name = view.Title }).ClickAsync();
            if (view.Model is { } model) await PickAsync(model);
            if (view.Button is { } button) await Button(button).ClickAsync();
            await Expect(Panel.Locator(view.Shown).First).ToBeVisibleAsync();
        }

        Assert.All(Watch.Requests, request => Assert.StartsWith($"{Service.Url}{prefix}/", request.Url, StringComparison.Ordinal));
        await Page.GotoAsync("about:blank"); // what the page asks for again and again would go without the prefix's proxy
        await Page.UnrouteAllAsync(new() { Behavior = UnrouteBehavior.IgnoreErrors });
    }
}
