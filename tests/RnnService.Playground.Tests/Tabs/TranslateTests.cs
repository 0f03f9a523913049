using System.Text.Json;
using System.Text.RegularExpressions;

namespace RnnService.Playground.Tests.Tabs;

/// <summary>Translate: a text as it is written, several by beams, and where each word came from.</summary>
public sealed class TranslateTests(Chromium browser, TicketService service) : PlaygroundTest(browser, service)
{
    private const string Source = "un chien vert";

    private ILocator Texts => Panel.Locator(".translations .text");

    private ILocator Targets => Panel.Locator(".targets .token");

    private ILocator Sources => Panel.Locator(".sources .source");

    [Fact]
    public async Task A_text_streams_in_and_each_word_shows_where_it_looked()
    {
        await TranslateAsync();
        await Expect(Texts).ToHaveTextAsync(["a green dog"]);
        await Expect(Sources).ToHaveTextAsync(["un", "chien", "vert", ""]);
        await Expect(Targets).ToHaveCountAsync(4);
        Assert.Contains(Watch.Requests, request => request.Url.EndsWith("generate_stream", StringComparison.Ordinal));

        float[][] attention = await AttentionAsync(new { details = true });
        for (int word = 0; word < attention.Length; word++)
        {
            await Targets.Nth(word).HoverAsync();
            int most = Array.IndexOf(attention[word], attention[word].Max());
            await Expect(Page.GetByRole(AriaRole.Dialog).Locator(".score-name").First).ToHaveTextAsync(most == 3 ? "∅" : Source.Split(' ')[most]);
            double[] shares = [.. (await Sources.EvaluateAllAsync<string[]>("words => words.map(word => word.style.getPropertyValue('--share'))"))
                .Select(share => double.Parse(share.TrimEnd('%'), System.Globalization.CultureInfo.InvariantCulture))];
            Assert.Equal(attention[word].Select(weight => (double)weight * 100), shares, (expected, found) => Math.Abs(expected - found) < 0.06);
            await Expect(Panel.Locator(".links path")).ToHaveCountAsync(attention[word].Count(weight => weight >= 0.05f));
        }
    }

    [Fact]
    public async Task All_weights_are_a_table()
    {
        await TranslateAsync();
        ILocator table = Panel.GetByRole(AriaRole.Table);
        await Expect(table.GetByRole(AriaRole.Columnheader)).ToHaveTextAsync(["un", "chien", "vert", "∅"]);
        await Expect(table.GetByRole(AriaRole.Rowheader)).ToHaveTextAsync(["a", "green", "dog", "∅"]);
        float[][] attention = await AttentionAsync(new { details = true });
        ILocator cells = table.Locator("tbody td");
        await Expect(cells).ToHaveCountAsync(16);
        int strongest = Enumerable.Range(0, 4).MaxBy(column => attention[1][column]);
        await Expect(cells.Nth(4 + strongest)).ToHaveTextAsync(new Regex(" %$"));
        Assert.NotEqual(
            await cells.Nth(4 + strongest).ColourAsync(), await cells.Nth(4 + Enumerable.Range(0, 4).MinBy(column => attention[1][column])).ColourAsync());
    }

    [Fact]
    public async Task Beams_are_a_list_with_scores_of_which_one_is_looked_at()
    {
        await TranslateAsync();
        await Panel.GetByLabel("How").SelectOptionAsync("beams");
        await Panel.GetByLabel("Beams").FillAsync("3");
        await Panel.GetByLabel("Beams").PressAsync("Tab");
        ILocator choices = Panel.Locator(".translations button");
        await Expect(choices).ToHaveCountAsync(3);
        JsonElement answer = await Service.PostAsync("/generate", new
        {
            model = TinyModels.Translator,
            inputs = Source,
            parameters = new { num_beams = 3, num_return_sequences = 3, length_penalty = 1, coverage_penalty = 0, details = true },
        });
        JsonElement details = answer.GetProperty("details");
        JsonElement[] others = [.. details.GetProperty("best_of_sequences").EnumerateArray()];
        await Expect(Texts).ToHaveTextAsync([answer.GetProperty("generated_text").GetString()!, .. others.Select(other => other.GetProperty("generated_text").GetString()!)]);
        await Expect(choices.First).ToContainTextAsync($"score {details.GetProperty("score").GetDouble():0.000}".Replace('-', '−'));
        await Expect(choices.First).ToHaveAttributeAsync("aria-pressed", "true");

        await choices.Nth(2).ClickAsync();
        await Expect(choices.Nth(2)).ToHaveAttributeAsync("aria-pressed", "true");
        await Expect(Targets).ToHaveCountAsync(others[1].GetProperty("tokens").GetArrayLength());
    }

    [Fact]
    public async Task What_is_drawn_is_the_same_with_the_same_seed()
    {
        await TranslateAsync();
        await Panel.GetByLabel("How").SelectOptionAsync("drawn");
        await Panel.GetByLabel("Temperature").FillAsync("2");
        await Panel.GetByLabel("Seed").FillAsync("11");
        await Panel.GetByLabel("Seed").PressAsync("Tab");
        JsonElement answer = await Service.PostAsync("/generate", new
        {
            model = TinyModels.Translator,
            inputs = Source,
            parameters = new { do_sample = true, temperature = 2, seed = 11 },
        });
        await Expect(Texts).ToHaveTextAsync([answer.GetProperty("generated_text").GetString()!]);
    }

    [Fact]
    public async Task The_text_is_what_the_service_makes_of_its_tokens()
    {
        await AnswerAsync(Event("a"), Event(" dog", "A dog.", """{"source_tokens": ["x", ""], "attention": [[1, 0], [0, 1]]}"""));
        await Expect(Targets).ToHaveTextAsync(["a", " dog"]);
        await Expect(Texts).ToHaveTextAsync(["A dog."]);
    }

    [Fact]
    public async Task What_has_come_of_a_text_can_be_copied()
    {
        await Page.Context.GrantPermissionsAsync(["clipboard-read", "clipboard-write"]);
        await AnswerAsync(Event("a"), Event(" dog"));
        await Expect(Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("The service cannot be reached");
        await Expect(Texts).ToHaveTextAsync(["a dog"]);
        await Button("Copy").ClickAsync();
        Assert.Equal("a dog", await Page.ClipboardAsync("a"));
    }

    private static string Event(string token, string? text = null, string details = "null") => $$"""
        data:{"index":1,"token":{"id":1,"text":"{{token}}","logprob":-0.1,"special":false},"generated_text":{{(text is null ? "null" : $"\"{text}\"")}},"details":{{details}}}


        """;

    /// <summary>Has a text answered by these events.</summary>
    private async Task AnswerAsync(params string[] events)
    {
        await TranslateAsync();
        await Page.RouteAsync("**/generate_stream", route => route.FulfillAsync(new() { ContentType = "text/event-stream", Body = string.Concat(events) }));
        await TextBox("Text to translate").FillAsync("un lit");
    }

    private async Task TranslateAsync()
    {
        await OpenAsync("translate");
        await PickAsync(TinyModels.Translator);
        await TextBox("Text to translate").FillAsync(Source);
        await Expect(Sources.First).ToHaveTextAsync("un");
    }

    private async Task<float[][]> AttentionAsync(object parameters)
    {
        JsonElement answer = await Service.PostAsync("/generate", new { model = TinyModels.Translator, inputs = Source, parameters });
        return answer.GetProperty("details").GetProperty("attention").Deserialize<float[][]>()!;
    }
}
