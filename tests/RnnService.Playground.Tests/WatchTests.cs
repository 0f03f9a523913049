namespace RnnService.Playground.Tests;

/// <summary>The watch that every test of a page keeps sees what it is there for, and Swagger UI passes it.</summary>
public sealed class WatchTests(Chromium browser, ShippedService service) : PlaygroundTest(browser, service)
{
    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        await Page.GotoAsync(Service.Url + "/swagger");
        await Expect(Page.GetByText("/classify").First).ToBeVisibleAsync();
        Assert.Empty(Watch.TakeFaults());
    }

    [Fact]
    public async Task A_request_to_elsewhere_is_a_fault()
    {
        await Page.EvaluateAsync("fetch('http://127.0.0.1:9/elsewhere', { mode: 'no-cors' }).catch(() => {})");
        Assert.Contains(Watch.TakeFaults(), fault => fault.Contains("127.0.0.1:9/elsewhere", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_script_against_the_policy_is_a_fault()
    {
        IConsoleMessage said = await Page.RunAndWaitForConsoleMessageAsync(
            () => Page.EvaluateAsync("document.body.append(Object.assign(document.createElement('script'), { textContent: 'self.ran = 1' }))"));
        Assert.Null(await Page.EvaluateAsync<int?>("self.ran"));
        Assert.Contains(said.Text, Assert.Single(Watch.TakeFaults()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_exception_in_the_page_is_a_fault()
    {
        await Page.RunAndWaitForPageErrorAsync("setTimeout(() => { throw new Error('thrown on purpose'); })");
        Assert.Contains("thrown on purpose", Assert.Single(Watch.TakeFaults()), StringComparison.Ordinal);
    }
}

file static class PageErrors
{
    /// <summary>Runs a script and waits until the page has thrown.</summary>
    public static async Task RunAndWaitForPageErrorAsync(this IPage page, string script)
    {
        var thrown = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        page.PageError += (_, _) => thrown.TrySetResult();
        await page.EvaluateAsync(script);
        await thrown.Task;
    }
}
