using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace RnnService.Playground.Tests.Tabs;

/// <summary>Music: a tune is written, drawn as notes, played and saved. What is written is asked of a model that knows one tune.</summary>
public sealed class MusicTests(Chromium browser, TicketService service) : PlaygroundTest(browser, service)
{
    /// <summary>The tune's bars twice over, since it repeats: MIDI's numbers of G B d g d B c c e d B G A B c B G E F♯ G A D.</summary>
    private static readonly int[] Pitches = [67, 71, 74, 79, 74, 71, 72, 76, 74, 71, 67, 69, 71, 72, 71, 67, 64, 66, 67, 69, 62];

    /// <summary>Takes down what the page gives to the sound card.</summary>
    private const string Listener = """
        self.tones = [];
        const start = OscillatorNode.prototype.start;
        OscillatorNode.prototype.start = function (at) {
            self.tones.push({ pitch: Math.round(69 + 12 * Math.log2(this.frequency.value / 440)), at });
            return start.call(this, at);
        };
        """;

    private ILocator Notes => Panel.Locator(".notes [data-name=note]");

    private ILocator Status => Panel.Locator("p[role=status]");

    private ILocator Abc => TextBox("ABC notation");

    [Fact]
    public async Task A_tune_streams_in_and_is_drawn_as_notes()
    {
        await WriteAsync();
        JsonElement answer = await Service.PostAsync("/generate", new
        {
            model = TinyModels.Tunes,
            inputs = TinyModels.Header,
            parameters = new { max_new_tokens = 1200, seed = 5, temperature = 0.3, stop = new[] { "\n\n" } },
        });
        await Expect(Abc).ToHaveValueAsync(TinyModels.Header + answer.GetProperty("generated_text").GetString());
        Assert.Contains(TinyModels.Tune, await Abc.InputValueAsync(), StringComparison.Ordinal);
        Assert.True(await Notes.CountAsync() >= Pitches.Length, "notes are missing");
    }

    [Theory]
    [InlineData("D", "minor", "3/4", "X:1\nM:3/4\nL:1/8\nK:Dm\n")]
    [InlineData("B♭", "major", "2/4", "X:1\nM:2/4\nL:1/16\nK:Bb\n")]
    [InlineData("any", null, "6/8", "X:1\nM:6/8\nL:1/8\nK:")]
    [InlineData("any", null, "any", "X:1\n")]
    public async Task Key_and_metre_are_what_the_model_goes_on_from(string key, string? mode, string metre, string header)
    {
        await ShowTabAsync();
        await Panel.GetByLabel("Key").SelectOptionAsync(new SelectOptionValue { Label = key });
        if (mode is null) await Expect(Panel.GetByLabel("Mode", new() { Exact = true })).ToBeDisabledAsync();
        else await Panel.GetByLabel("Mode", new() { Exact = true }).SelectOptionAsync(new SelectOptionValue { Label = mode });
        await Panel.GetByLabel("Metre").SelectOptionAsync(metre);
        IRequest asked = await Page.RunAndWaitForRequestAsync(() => Button("Write a tune").ClickAsync(), request => request.Url.EndsWith("generate_stream", StringComparison.Ordinal));
        Assert.Equal(header, asked.PostDataJSON()!.Value.GetProperty("inputs").GetString());
        await Expect(Status).ToContainTextAsync("token");
    }

    [Fact]
    public async Task A_tune_is_held_to_its_metre_where_that_is_asked_for()
    {
        await ShowTabAsync();
        await Expect(Panel.GetByLabel("Whole bars only")).Not.ToBeCheckedAsync();
        await Panel.GetByLabel("Whole bars only").CheckAsync();
        Watch.FailedAnswersAreExpected = true; // the model has not all letters that tunes may have
        IRequest asked = await Page.RunAndWaitForRequestAsync(() => Button("Write a tune").ClickAsync(), request => request.Url.EndsWith("generate_stream", StringComparison.Ordinal));
        Assert.Equal("abc", asked.PostDataJSON()!.Value.GetProperty("parameters").GetProperty("grammar").GetProperty("type").GetString());
        await Expect(Panel.GetByRole(AriaRole.Alert)).ToContainTextAsync("parameters.grammar");
    }

    [Fact]
    public async Task A_key_without_a_metre_has_the_metre_that_the_model_writes()
    {
        await ShowTabAsync();
        await Panel.GetByLabel("Key").SelectOptionAsync("A");
        await Panel.GetByLabel("Metre").SelectOptionAsync("any");
        // What it would write by itself depends on its few steps of training.
        await Page.RouteAsync(url => url.EndsWith("/generate", StringComparison.Ordinal),
            route => route.FulfillAsync(new RouteFulfillOptions { ContentType = "application/json", Body = """{"generated_text": "M:6/8\nL:1/8\nK:"}""" }));
        await Button("Write a tune").ClickAsync();
        await Expect(Abc).ToHaveValueAsync(new Regex(@"^X:1\nM:6/8\nL:1/8\nK:A\n"));
        await Expect(Status).ToContainTextAsync("token");
    }

    [Fact]
    public async Task It_sounds_as_it_is_written_and_marks_the_notes_as_they_come()
    {
        await Page.AddInitScriptAsync(Listener);
        await WriteAsync();
        await TypeTuneAsync();
        await Panel.GetByLabel("Speed").FillAsync("1.5");
        await Button("Play").ClickAsync();
        await Expect(Panel.Locator(".sounding").First).ToBeVisibleAsync();
        await Expect(Button("Play")).ToBeVisibleAsync(); // the end
        await Expect(Panel.Locator(".sounding")).ToHaveCountAsync(0);

        JsonElement[] tones = [.. (await Page.EvaluateAsync<JsonElement>("tones")).EnumerateArray()];
        Assert.Equal([.. Pitches, .. Pitches], tones.Select(tone => tone.GetProperty("pitch").GetInt32()));
        double[] times = [.. tones.Select(tone => tone.GetProperty("at").GetDouble())];
        Assert.Equal(1 / 6.0 / 1.5, times[1] - times[0], 3); // an eighth, of which a second has six, half as fast again
    }

    [Fact]
    public async Task It_is_saved_as_ABC_and_as_MIDI()
    {
        await WriteAsync();
        await TypeTuneAsync();
        (string abcName, byte[] abc) = await SavedAsync("Save .abc");
        (string midName, byte[] midi) = await SavedAsync("Save .mid");
        Assert.Equal(("tune.abc", "tune.mid"), (abcName, midName));
        Assert.Equal($"{TinyModels.Header}{TinyModels.Tune}\n", Encoding.UTF8.GetString(abc));
        Assert.Equal("MThd"u8, midi.AsSpan(0, 4));
    }

    [Fact]
    public async Task Text_that_is_no_tune_is_drawn_as_far_as_it_goes_and_said()
    {
        await WriteAsync();
        await Abc.FillAsync(TinyModels.Header + "GBd ^^^$ <img src=x onerror=alert(1)> gdB|");
        await Expect(Status).ToContainTextAsync("are no ABC");
        await Expect(Panel.Locator("img")).ToHaveCountAsync(0);
        await Abc.FillAsync("");
        await Expect(Panel.Locator(".notes svg")).ToHaveCountAsync(0);
        await Expect(Button("Play")).ToBeDisabledAsync();
    }

    private async Task ShowTabAsync()
    {
        await OpenAsync("music");
        await PickAsync(TinyModels.Tunes);
        await Panel.GetByLabel("Temperature").FillAsync("0.3");
    }

    /// <summary>Has a tune written, the same each time.</summary>
    private async Task WriteAsync()
    {
        await ShowTabAsync();
        await Panel.GetByLabel("Seed").FillAsync("5");
        await Button("Write a tune").ClickAsync();
        await Expect(Status).ToContainTextAsync("seed 5");
    }

    /// <summary>Puts the tune alone in the place of what was written, and waits until it is drawn.</summary>
    private async Task TypeTuneAsync()
    {
        await Abc.FillAsync(TinyModels.Header + TinyModels.Tune);
        await Expect(Status).Not.ToContainTextAsync("seed");
        await Expect(Notes).ToHaveCountAsync(Pitches.Length);
    }

    private async Task<(string Name, byte[] Content)> SavedAsync(string button)
    {
        IDownload saved = await Page.RunAndWaitForDownloadAsync(() => Button(button).ClickAsync());
        return (saved.SuggestedFilename, await File.ReadAllBytesAsync((await saved.PathAsync())!));
    }
}
