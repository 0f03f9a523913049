using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace RnnService.Playground.Tests.Tabs;

/// <summary>Look inside: units and gates over the text, what a unit follows, how far back an answer looks.</summary>
public sealed class InsideTests(Chromium browser, ShippedService service) : PlaygroundTest(browser, service)
{
    private const string Scene = "ROMEO:\nIs the day so young?\n\nBENVOLIO:\nBut new struck nine.\n";

    private ILocator Units => Panel.GetByRole(AriaRole.Listbox, new() { Name = "Units" });

    [Theory]
    [InlineData("hidden")]
    [InlineData("forget")]
    [InlineData("output")]
    public async Task The_heat_map_has_a_cell_for_each_unit_and_token(string kind)
    {
        await LookAsync("shakespeare", Scene);
        if (kind != "hidden")
        {
            await Page.RunAndWaitForResponseAsync(() => Panel.GetByLabel("Activity of").SelectOptionAsync(kind), "**/inspect");
            await Expect(Page.Locator("[aria-busy=true]")).ToHaveCountAsync(0);
        }

        await Expect(Panel.GetByRole(AriaRole.Img)).ToHaveAttributeAsync("aria-label", new Regex($"^Heat map: 64 units by {Scene.Length} tokens"));
        JsonElement values = (await Service.PostAsync("/inspect", new { model = "shakespeare", inputs = Scene, parameters = new { of = kind, units = 64 } }))
            .GetProperty("activations").GetProperty("values");
        Assert.Equal([Scene.Length, 64], await Panel.Locator("canvas").First.EvaluateAsync<int[]>("canvas => [canvas.width, canvas.height]"));

        // The keyboard says the value that the service gave: of unit 2 at the fourth token.
        await Units.FocusAsync();
        foreach (string key in new[] { "ArrowDown", "ArrowDown", "ArrowRight", "ArrowRight", "ArrowRight" }) await Page.Keyboard.PressAsync(key);
        double value = values[3][2].GetDouble();
        ILocator readout = Panel.GetByText(new Regex("^unit 2, token 3 .*E"));
        await Expect(readout).ToBeVisibleAsync();
        string said = (await readout.TextContentAsync())!.Split(": ")[1].Replace('−', '-');
        Assert.Equal(value, double.Parse(said, CultureInfo.InvariantCulture), 0.006);
    }

    [Fact]
    public async Task A_unit_that_is_picked_shows_where_it_is_strongest_and_what_it_follows()
    {
        await LookAsync("shakespeare", Scene);
        await Units.GetByRole(AriaRole.Option, new() { Name = "unit 5", Exact = true }).ClickAsync();
        ILocator unit = Panel.GetByRole(AriaRole.Region, new() { Name = "Unit", Exact = true });
        await Expect(unit.GetByRole(AriaRole.Heading, new() { Level = 2 })).ToContainTextAsync("Unit 5");
        await Expect(unit.Locator(".inside-track .token")).ToHaveCountAsync(Scene.Length);
        await Expect(unit.GetByRole(AriaRole.Status)).ToContainTextAsync(new Regex(@"r = |follows|Follows"));

        JsonElement values = (await Service.PostAsync("/inspect", new { model = "shakespeare", inputs = Scene, parameters = new { first_unit = 5, units = 1 } }))
            .GetProperty("activations").GetProperty("values");
        double highest = values.EnumerateArray().Max(value => value[0].GetDouble());
        string first = await unit.Locator(".inside-places").First.Locator(".number").First.TextContentAsync() ?? "";
        Assert.Equal(highest, double.Parse(first.Replace('−', '-'), CultureInfo.InvariantCulture), 0.006);
        await unit.GetByRole(AriaRole.Button, new() { Name = "Close" }).ClickAsync();
        await Expect(unit).ToBeHiddenAsync();
    }

    [Fact]
    public async Task All_units_are_searched_for_those_that_follow_a_feature()
    {
        await LookAsync("shakespeare", Scene);
        await Button("Search all units").ClickAsync();
        ILocator found = Panel.GetByRole(AriaRole.Row).Filter(new() { HasTextString = "capital" }).GetByRole(AriaRole.Button).First;
        await Expect(found).ToHaveTextAsync(new Regex(@"^unit \d+: [−\d.]+$"));
        string unit = Regex.Match(await found.TextContentAsync() ?? "", @"\d+").Value;
        await found.ClickAsync();
        await Expect(Panel.GetByRole(AriaRole.Heading, new() { NameRegex = new Regex($"^Unit {unit} ") })).ToBeVisibleAsync();
        await Expect(Units.GetByRole(AriaRole.Option, new() { Selected = true })).ToHaveTextAsync(unit);
    }

    [Theory]
    [InlineData("shakespeare", Scene)]
    [InlineData("sentiment", "A lovely film, though not without its faults.")]
    [InlineData("pos", "Time flies like an arrow.")]
    public async Task Gradients_tell_how_far_back_the_answer_looks(string model, string text)
    {
        await LookAsync(model, text);
        await Panel.GetByText("How far back the answer looks").ClickAsync();
        JsonElement[] norms = [.. (await Service.PostAsync("/inspect", new { model, inputs = text, parameters = new { units = 1, gradients = true } }))
            .GetProperty("gradients").GetProperty("inputs").EnumerateArray()];
        ILocator bars = Panel.Locator(".over-bars .over-bar");
        await Expect(bars).ToHaveCountAsync(norms.Length);
        double[] heights = await bars.EvaluateAllAsync<double[]>("bars => bars.map(bar => bar.height.baseVal.value)");
        double most = norms.Max(norm => norm.GetDouble());
        for (int i = 0; i < norms.Length; i++) Assert.Equal(norms[i].GetDouble() / most, heights[i] / heights.Max(), 0.05);
    }

    [Fact]
    public async Task The_further_units_and_the_other_layer_are_one_choice_away()
    {
        await LookAsync("pos", "Time flies like an arrow.");
        await Panel.GetByLabel("Layer").SelectOptionAsync("1");
        await Panel.GetByLabel("Direction").SelectOptionAsync("reverse");
        await Button("Units after").ClickAsync();
        await Expect(Panel.GetByText("Units 64 to 127 of 150")).ToBeVisibleAsync();
        await Button("Units after").ClickAsync();
        await Expect(Panel.GetByText("Units 128 to 149 of 150")).ToBeVisibleAsync();
        await Expect(Button("Units after")).ToBeDisabledAsync();
        await Expect(Panel.GetByLabel("Layer")).ToHaveValueAsync("1");
        await Expect(Panel.GetByLabel("Direction")).ToHaveValueAsync("reverse");
    }

    private async Task LookAsync(string model, string text)
    {
        await OpenAsync("inside");
        await Panel.GetByLabel("Model").SelectOptionAsync(model);
        await TextBox("Text").FillAsync(text);
        string start = Regex.Match(text, @"^\w+").Value;
        await Expect(Panel.Locator(".heat-tokens")).ToHaveTextAsync(new Regex("^" + start));
    }
}
