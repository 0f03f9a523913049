using System.Text.RegularExpressions;

namespace RnnService.Playground.Tests.Tabs;

/// <summary>Write: text streams in, branches, and suggestions while one types.</summary>
public sealed class WriteTests(Chromium browser, ShippedService service) : PlaygroundTest(browser, service)
{
    private const string Prompt = "ROMEO:\n";

    [Fact]
    public async Task Text_streams_in_and_each_token_tells_how_likely_it_was()
    {
        await WriteAsync(60);
        ILocator tokens = Tokens(1);
        await Expect(tokens).ToHaveCountAsync(60);
        string whole = (await Service.PostAsync("/generate", new { inputs = Prompt, parameters = new { max_new_tokens = 60, seed = 7 } }))
            .GetProperty("generated_text").GetString()!;
        Assert.Equal(whole, string.Concat(await tokens.AllTextContentsAsync()));
        await Expect(tokens.First).ToHaveAttributeAsync("aria-label", new Regex(@", (>99\.9|[\d.]+) %$"));

        double[] shares = [.. (await tokens.EvaluateAllAsync<string[]>("tokens => tokens.map(token => token.style.getPropertyValue('--share'))"))
            .Select(share => double.Parse(share.TrimEnd('%'), System.Globalization.CultureInfo.InvariantCulture))];
        int likeliest = Array.IndexOf(shares, shares.Min()), unlikeliest = Array.IndexOf(shares, shares.Max());
        Assert.NotEqual(await tokens.Nth(likeliest).ColourAsync(), await tokens.Nth(unlikeliest).ColourAsync());
    }

    [Fact]
    public async Task Another_token_is_picked_and_a_second_branch_goes_on_from_it()
    {
        await WriteAsync(20);
        await Expect(Tokens(1)).ToHaveCountAsync(20);
        string[] first = [.. await Tokens(1).AllTextContentsAsync()];
        await Tokens(1).Nth(4).HoverAsync();
        ILocator others = Page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button);
        await others.First.ClickAsync();

        await Expect(Tokens(2)).ToHaveCountAsync(25);
        string[] second = [.. await Tokens(2).AllTextContentsAsync()];
        Assert.Equal(first[..4], second[..4]);
        Assert.NotEqual(first[4], second[4]);
        Assert.Equal(first, await Tokens(1).AllTextContentsAsync());
        await Expect(Branch(2)).ToContainTextAsync("from 1 with");
    }

    [Fact]
    public async Task What_is_written_is_stopped_continued_and_taken_back()
    {
        const int bytesASecond = 20_000; // on a fast connection it has written all of it before anybody can press a button
        ICDPSession network = await Page.Context.NewCDPSessionAsync(Page);
        await network.SendAsync("Network.enable");
        await WriteAsync(4000, prepared: () => ThrottleAsync(network, bytesASecond));
        await Expect(Tokens(1).Nth(5)).ToBeVisibleAsync();
        await Branch(1).GetByRole(AriaRole.Button, new() { Name = "Stop" }).ClickAsync();
        await ThrottleAsync(network, -1);
        await Expect(Branch(1)).ToContainTextAsync("; stopped");
        int stopped = await Tokens(1).CountAsync();
        Assert.InRange(stopped, 6, 3999);

        await LengthAsync(10);
        await Branch(1).GetByRole(AriaRole.Button, new() { Name = "Continue" }).ClickAsync();
        await Expect(Tokens(1)).ToHaveCountAsync(stopped + 10);
        await Branch(1).GetByRole(AriaRole.Button, new() { Name = "Undo" }).ClickAsync();
        await Expect(Tokens(1)).ToHaveCountAsync(stopped);
        await Branch(1).GetByRole(AriaRole.Button, new() { Name = "Undo" }).ClickAsync();
        await Expect(Tokens(1)).ToHaveCountAsync(0);
        await Expect(Branch(1)).ToContainTextAsync("ROMEO:");
    }

    [Fact]
    public async Task A_suggestion_follows_the_keys_and_Tab_takes_it()
    {
        await OpenAsync("write");
        await Prompted.FillAsync("");
        await Page.GetByLabel("Suggest while I type").CheckAsync();
        ILocator ghost = Panel.Locator(".ghost"), measured = Panel.Locator(".suggest-row .number");
        // An earlier key's answer may begin like the last one's: each is waited for by its count.
        await Prompted.FillAsync("What sh");
        await Expect(measured).ToContainTextAsync("of the last 1");
        await Prompted.PressSequentiallyAsync("a");
        await Expect(measured).ToContainTextAsync("of the last 2");
        await Expect(ghost).ToHaveTextAsync(new Regex("^ll"));
        string suggested = await ghost.TextContentAsync() ?? "";
        await Prompted.PressAsync("Tab");
        await Expect(Prompted).ToHaveValueAsync("What sha" + suggested);
        await Expect(Prompted).ToBeFocusedAsync();

        await Prompted.PressSequentiallyAsync(" k");
        await Expect(ghost).Not.ToBeEmptyAsync();
        await Prompted.PressAsync("Escape");
        await Expect(ghost).ToBeEmptyAsync();
        await Prompted.PressAsync("Tab");
        await Expect(Prompted).Not.ToBeFocusedAsync();
    }

    [Fact]
    public async Task Branches_stand_side_by_side_and_come_back_after_a_reload_and_after_being_closed()
    {
        await WriteAsync(12);
        await Expect(Tokens(1)).ToHaveCountAsync(12);
        await Button("Write").ClickAsync();
        await Expect(Tokens(2)).ToHaveCountAsync(12);
        LocatorBoundingBoxResult first = (await Branch(1).BoundingBoxAsync())!, second = (await Branch(2).BoundingBoxAsync())!;
        Assert.True(second.X >= first.X + first.Width && Math.Abs(first.Y - second.Y) < 2, "the branches do not stand side by side");

        await Page.ReloadAsync();
        await Expect(Tokens(2)).ToHaveCountAsync(12);
        await Button("Close branch 1").ClickAsync();
        await Expect(Branch(1)).ToHaveCountAsync(0);
        await Button("Bring it back").ClickAsync();
        await Expect(Tokens(1)).ToHaveCountAsync(12);
    }

    [Fact]
    public async Task The_code_of_the_last_call_is_shown_in_four_languages()
    {
        await WriteAsync(5);
        await Expect(Tokens(1)).ToHaveCountAsync(5);
        await Page.GetByText("Do it yourself").ClickAsync();
        ILocator code = Page.GetByLabel("Code", new() { Exact = true });
        foreach ((string language, string part) in new[] { ("curl", "curl -sN " + Service.Url), ("C#", "new HttpClient()"), ("Python", "import requests"), ("JavaScript", "await fetch(") })
        {
            await Button(language).ClickAsync();
            await Expect(code).ToContainTextAsync(part);
            await Expect(code).ToContainTextAsync("generate_stream");
        }
    }

    private ILocator Prompted => TextBox("Text to go on from");

    private ILocator Branch(int number) => Page.GetByRole(AriaRole.Article, new() { Name = $"Branch {number}", Exact = true });

    private ILocator Tokens(int branch) => Branch(branch).Locator(".token");

    private async Task LengthAsync(int tokens) => await Page.GetByLabel("Length").FillAsync($"{tokens}");

    private static Task ThrottleAsync(ICDPSession network, int bytesASecond) => network.SendAsync("Network.emulateNetworkConditions", new()
    {
        ["offline"] = false,
        ["latency"] = 0,
        ["downloadThroughput"] = bytesASecond,
        ["uploadThroughput"] = -1,
    });

    /// <summary>Has Romeo speak so many tokens, the same each time.</summary>
    private async Task WriteAsync(int tokens, Func<Task>? prepared = null)
    {
        await OpenAsync("write");
        await Prompted.FillAsync(Prompt);
        await Panel.GetByText("Knobs").ClickAsync();
        await LengthAsync(tokens);
        await Page.GetByLabel("Seed").FillAsync("7");
        if (prepared is not null) await prepared();
        await Button("Write").ClickAsync();
    }
}
