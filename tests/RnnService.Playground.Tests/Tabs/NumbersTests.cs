using System.Text.Json;
using System.Text.RegularExpressions;

namespace RnnService.Playground.Tests.Tabs;

/// <summary>Speech and numbers: a recording, a microphone and pasted tables, and what models make of them.</summary>
public sealed class NumbersTests(Chromium browser, TicketService service) : PlaygroundTest(browser, service)
{
    private const string Digits = "digits";

    private static readonly float[][] Steps = [[0.25f, 1], [0.5f, 0.75f], [0.75f, 0.5f], [0.5f, 0.25f], [0, -0.5f]];

    private ILocator Heard => Panel.Locator(".heard");

    private ILocator Marks => Panel.Locator(".wave-heard li");

    private ILocator Numbers => TextBox("Numbers, a step a line");

    private ILocator Alert => Panel.GetByRole(AriaRole.Alert);

    [Fact]
    public async Task A_recording_that_is_dropped_in_is_written_down_along_its_wave()
    {
        await ShowTabAsync(Digits);
        await Panel.GetByLabel("Or a recording").DropAsync("spoken.wav", SpokenDigits.Wav);
        await Expect(Heard).ToHaveTextAsync(SpokenDigits.Text);
        await Expect(Marks).ToHaveTextAsync(SpokenDigits.Text.Split(' '));
        await Expect(Panel.Locator(".wave-canvas")).ToHaveAttributeAsync("aria-label", new Regex(@"^Sound of 4\.\d seconds$"));
        double[] places = await Marks.EvaluateAllAsync<double[]>("marks => marks.map(mark => mark.offsetLeft / mark.parentElement.clientWidth)");
        Assert.Equal(places.Order(), places);
        Assert.InRange(places[0], 0.05, 0.3);
        Assert.InRange(places[^1], 0.7, 1);
    }

    [Fact]
    public async Task While_one_speaks_what_is_heard_runs_along()
    {
        await Page.Context.GrantPermissionsAsync(["microphone"]);
        await ShowTabAsync(Digits);
        await Button("Listen").ClickAsync();
        await Expect(Marks.First).ToBeVisibleAsync();
        await Expect(Button("Stop")).ToBeVisibleAsync();
        await Expect(Heard).ToHaveTextAsync(new Regex(SpokenDigits.Text));
        await Button("Stop").ClickAsync();
        await Expect(Button("Listen")).ToBeVisibleAsync();
        await Expect(Heard).ToHaveTextAsync(new Regex(SpokenDigits.Text));
        await Expect(Alert).ToBeHiddenAsync();
    }

    [Fact]
    public async Task A_key_goes_with_the_stream_in_its_subprotocols()
    {
        const string script = """
            sessionStorage.setItem('rnn-playground:key', 'a key with spaces?');
            self.WebSocket = class extends WebSocket {
                constructor(address, protocols) {
                    super(address, protocols);
                    self.asked = protocols;
                }
            };
            """;
        await Page.Context.GrantPermissionsAsync(["microphone"]);
        await Page.AddInitScriptAsync(script);
        await ShowTabAsync(Digits);
        await Button("Listen").ClickAsync();
        await Expect(Marks.First).ToBeVisibleAsync();
        Assert.Equal(["rnn-stream", "key.YSBrZXkgd2l0aCBzcGFjZXM_"], await Page.EvaluateAsync<string[]>("asked"));
    }

    [Fact]
    public async Task A_microphone_that_may_not_be_used_is_told()
    {
        await ShowTabAsync(Digits);
        await Button("Listen").ClickAsync();
        await Expect(Alert).ToContainTextAsync("The microphone cannot be used");
        await Expect(Alert).ToContainTextAsync("The browser was told not to open it");
        await Expect(Button("Listen")).ToBeEnabledAsync();
    }

    [Fact]
    public async Task A_stream_that_breaks_off_ends_the_listening_and_is_told()
    {
        await Page.Context.GrantPermissionsAsync(["microphone"]);
        await Page.RouteWebSocketAsync("**/stream/**", socket => socket.OnMessage(_ => socket.CloseAsync()));
        await ShowTabAsync(Digits);
        await Button("Listen").ClickAsync();
        await Expect(Alert).ToContainTextAsync("The service cannot be reached");
        await Expect(Button("Listen")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task What_a_stream_answers_late_is_not_shown_beside_what_is_newer()
    {
        var opened = new TaskCompletionSource<IWebSocketRoute>(TaskCreationOptions.RunContinuationsAsynchronously);
        await Page.Context.GrantPermissionsAsync(["microphone"]);
        await Page.RouteWebSocketAsync("**/stream/**", opened.SetResult);
        await ShowTabAsync(Digits);
        await Button("Listen").ClickAsync();
        IWebSocketRoute stream = await opened.Task;
        stream.Send("""{"steps": 10, "text": "1", "symbols": [{"symbol": "1", "step": 3, "seconds": 0.1, "score": 1}]}""");
        await Expect(Heard).ToHaveTextAsync("1");
        await Panel.GetByLabel("Or a recording").DropAsync("spoken.wav", SpokenDigits.Wav);
        await Expect(Button("Listen")).ToBeVisibleAsync();
        await Expect(Heard).ToHaveTextAsync(SpokenDigits.Text);
        stream.Send("""{"steps": 20, "text": "1 1", "symbols": [{"symbol": "1", "step": 13, "seconds": 0.2, "score": 1}], "final": true}""");
        await stream.CloseAsync();
        Assert.Equal(SpokenDigits.Text, await Heard.TextContentAsync());
        await Expect(Marks).ToHaveTextAsync(SpokenDigits.Text.Split(' '));
        await Expect(Alert).ToBeHiddenAsync();
    }

    [Fact]
    public async Task Values_of_the_steps_of_a_stream_are_one_chart_that_grows()
    {
        await Page.Context.GrantPermissionsAsync(["microphone"]);
        await ShowTabAsync(TinyModels.Loudness);
        await Button("Listen").ClickAsync();
        await Expect(Panel.Locator("tbody th").Filter(new() { HasTextRegex = new Regex("^100$") })).ToHaveCountAsync(1);
        await Button("Stop").ClickAsync();
        await Expect(Panel.Locator(".chart-line")).ToHaveCountAsync(2);
        await Expect(Panel.Locator(".chart")).ToHaveAttributeAsync("aria-label", new Regex("loud: from .*shrill: from "));
    }

    [Fact]
    public async Task What_is_no_sound_is_refused_in_a_sentence_that_stays()
    {
        Watch.FailedAnswersAreExpected = true;
        await ShowTabAsync(Digits);
        await Panel.GetByLabel("Or a recording").DropAsync("song.wav", "la la la");
        await Expect(Alert).ToContainTextAsync("header is not that of a WAV file");
        await Page.GetByRole(AriaRole.Tab, new() { Name = "Tag", Exact = true }).ClickAsync();
        await Page.GetByRole(AriaRole.Tab, new() { Name = "Speech and numbers", Exact = true }).ClickAsync();
        await Expect(Alert).ToContainTextAsync("header is not that of a WAV file");
    }

    [Fact]
    public async Task A_table_is_drawn_and_its_steps_are_labelled()
    {
        await PasteAsync(TinyModels.Phases);
        JsonElement[] tags = [.. (await AnswerAsync("/tag", TinyModels.Phases)).EnumerateArray()];
        await Expect(Panel.Locator(".steps li")).ToHaveTextAsync(tags.Select(tag => tag.GetProperty("label").GetString()!));
        await Expect(Panel.Locator(".chart-line")).ToHaveCountAsync(2);
        await Expect(Panel.Locator(".chart")).ToHaveAttributeAsync("aria-label", new Regex("level: from 0.25 to 0.*flow: from 1 to"));
    }

    [Fact]
    public async Task Below_a_long_table_there_is_a_label_for_each_of_its_steps()
    {
        float[][] steps = [.. Enumerable.Range(0, 1500).Select(step => new[] { step % 2 * 20f - 10, step % 3 * 20f - 20 })];
        int labels = (await Service.PostAsync("/tag", new { model = TinyModels.Phases, inputs = new { values = steps } })).GetArrayLength();
        Assert.True(labels > 400, $"{labels}");
        await ShowTabAsync(TinyModels.Phases);
        await Numbers.FillAsync(string.Join('\n', steps.Select(step => $"{step[0]},{step[1]}")));
        await Expect(Panel.Locator(".steps li")).ToHaveCountAsync(labels);
    }

    [Fact]
    public async Task A_sequence_is_judged_as_a_whole()
    {
        await PasteAsync(TinyModels.Kind);
        JsonElement best = (await AnswerAsync("/classify", TinyModels.Kind)).EnumerateArray().First();
        await Expect(Heard).ToHaveTextAsync(best.GetProperty("label").GetString()!);
        await Expect(Panel.Locator(".score-bars li")).ToHaveCountAsync(2);
    }

    [Fact]
    public async Task Values_are_told_by_their_names()
    {
        await PasteAsync(TinyModels.Level);
        double[] values = [.. (await AnswerAsync("/predict", TinyModels.Level)).EnumerateArray().First().EnumerateArray().Select(value => value.GetDouble())];
        await Expect(Panel.Locator(".values dt")).ToHaveTextAsync(["litres", "degrees"]);
        Assert.Equal(values, (await Panel.Locator(".values dd").AllTextContentsAsync()).Select(Parsed), (expected, found) => Math.Abs(expected - found) < 0.001);
    }

    [Fact]
    public async Task What_comes_next_goes_on_with_dashes()
    {
        await PasteAsync(TinyModels.Next);
        await Expect(Panel.Locator(".chart-line[stroke-dasharray]")).ToHaveCountAsync(2);
        JsonElement[] forecast = [.. (await AnswerAsync("/predict", TinyModels.Next)).EnumerateArray()];
        await Panel.GetByText("As numbers").ClickAsync();
        await Expect(Panel.GetByRole(AriaRole.Rowheader)).ToHaveTextAsync(Enumerable.Range(Steps.Length + 1, TinyModels.Horizon).Select(step => $"{step}"));
        Assert.Equal(forecast.SelectMany(row => row.EnumerateArray()).Select(value => value.GetDouble()),
            (await Panel.Locator("tbody td").AllTextContentsAsync()).Select(Parsed), (expected, found) => Math.Abs(expected - found) < 0.001);
    }

    [Fact]
    public async Task Of_a_table_that_is_dropped_in_the_models_columns_are_read()
    {
        await ShowTabAsync(TinyModels.Kind);
        IRequest asked = await Page.RunAndWaitForRequestAsync(
            () => Panel.GetByLabel("Or a table").DropAsync("log.csv", "time;flow;Level\n09:00;1;2\n09:01;3;4.5\n"), request => request.PostData?.Contains("4.5", StringComparison.Ordinal) ?? false);
        Assert.Equal("[[2,1],[4.5,3]]", asked.PostDataJSON()!.Value.GetProperty("inputs").GetProperty("values").GetRawText());
        await Expect(Heard).Not.ToBeEmptyAsync();
    }

    [Theory]
    [InlineData("1,2\n3", "Step 2 is “3”; expected 2 numbers.")]
    [InlineData("level,flow\n1,two", "Step 1 is “1, two”; expected 2 numbers.")]
    [InlineData("1,2,3", "Step 1 is “1, 2, 3”; expected 2 numbers.")]
    public async Task What_is_no_step_is_said_while_one_types(string text, string sentence)
    {
        await ShowTabAsync(TinyModels.Phases);
        await Numbers.FillAsync(text);
        await Expect(Panel.Locator(".warning")).ToHaveTextAsync(sentence);
        await Expect(Panel.Locator(".steps")).ToHaveCountAsync(0);
        await Expect(Panel.GetByRole(AriaRole.Region, new() { Name = "Answer" })).ToBeHiddenAsync();
        await Numbers.FillAsync("1,2\n3,4");
        await Expect(Panel.Locator(".warning")).ToHaveCountAsync(0);
        await Expect(Panel.Locator(".steps li").First).ToBeVisibleAsync();
    }

    [Fact]
    public async Task There_is_something_to_try_it_with_that_gives_way_to_what_is_typed()
    {
        await ShowTabAsync(TinyModels.Phases);
        await Expect(Numbers).ToHaveValueAsync(new Regex("^level,flow\n"));
        await Expect(Panel.Locator(".steps li").First).ToBeVisibleAsync();
        await Numbers.FillAsync("1,2\n3,4");
        await PickAsync(TinyModels.Next);
        await Expect(Numbers).ToHaveValueAsync("1,2\n3,4");
        await Page.ReloadAsync();
        await Expect(Numbers).ToHaveValueAsync("1,2\n3,4");
    }

    private static double Parsed(string text) => double.Parse(text.Replace('−', '-'), System.Globalization.CultureInfo.InvariantCulture);

    private async Task ShowTabAsync(string model)
    {
        await OpenAsync("numbers");
        await PickAsync(model);
    }

    private async Task PasteAsync(string model)
    {
        await ShowTabAsync(model);
        await Numbers.FillAsync("level,flow\n" + string.Join('\n', Steps.Select(step => FormattableString.Invariant($"{step[0]},{step[1]}"))));
        await Expect(Panel.Locator(".chart").First).ToHaveAttributeAsync("aria-label", new Regex("from 0.25 to"));
        await Expect(Page.Locator("[aria-busy=true]")).ToHaveCountAsync(0);
    }

    /// <summary>What the service answers to the steps; of an object its one list.</summary>
    private async Task<JsonElement> AnswerAsync(string route, string model)
    {
        JsonElement answer = await Service.PostAsync(route, new { model, inputs = new { values = Steps } });
        if (answer.ValueKind == JsonValueKind.Object) answer = answer.EnumerateObject().First().Value;
        return answer.EnumerateArray().First().ValueKind == JsonValueKind.Array && route != "/predict" ? answer.EnumerateArray().First() : answer;
    }
}
