using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace RnnService.Playground.Tests.Tabs;

/// <summary>Judge: why a text has its label, two texts side by side, a file of texts.</summary>
public sealed class JudgeTests(Chromium browser, ShippedService service) : PlaygroundTest(browser, service)
{
    private const string Review = "A lovely film, though not without its faults.";

    private ILocator Words => Panel.Locator(".over-text .token");

    [Fact]
    public async Task Words_are_coloured_by_what_they_add_and_say_it_too()
    {
        await JudgeAsync(Review);
        JsonElement explained = await Service.PostAsync("/classify", new { inputs = Review, parameters = new { explain = true } });
        JsonElement[] tokens = [.. explained[0].GetProperty("explanation").GetProperty("tokens").EnumerateArray()];

        double strongest = tokens.Max(token => Math.Abs(Added(token)));
        await Expect(Words).ToHaveTextAsync(tokens.Select(token => token.GetProperty("text").GetString()!));
        for (int i = 0; i < tokens.Length; i++)
        {
            double share = Added(tokens[i]) / strongest;
            string seen = await Words.Nth(i).GetAttributeAsync("class") ?? "";
            if (Math.Abs(share) > 0.05) Assert.Contains(share > 0 ? "raises" : "lowers", seen, StringComparison.Ordinal);
            await Expect(Words.Nth(i)).ToHaveAttributeAsync("title", new Regex(Regex.Escape(
                (share < 0 ? "−" : "+") + Math.Abs(Added(tokens[i])).ToString("F2", CultureInfo.InvariantCulture) + " for positive")));
        }

        int Extreme(Func<IEnumerable<double>, double> choose) => Array.FindIndex(tokens, token => Added(token) == choose(tokens.Select(Added)));
        Assert.NotEqual(await Words.Nth(Extreme(Enumerable.Max)).ColourAsync(), await Words.Nth(Extreme(Enumerable.Min)).ColourAsync());

        static double Added(JsonElement token) => token.GetProperty("contribution").GetDouble();
    }

    [Fact]
    public async Task The_score_runs_along_over_the_text_to_the_word_that_is_picked()
    {
        await JudgeAsync(Review);
        ILocator line = Panel.Locator(".over-graph polyline");
        await Expect(line).ToHaveCountAsync(1);
        int all = await PointsAsync(line);
        Assert.Equal(await Words.CountAsync(), all);

        await Panel.GetByRole(AriaRole.Slider).FillAsync("2");
        await Expect(Words.And(Page.Locator(".unread"))).ToHaveCountAsync(all - 3);
        Assert.Equal(3, await PointsAsync(line));
        await Expect(Panel.GetByRole(AriaRole.Slider)).ToHaveAttributeAsync("aria-valuetext", new Regex(@"film.*for positive.*positive \d"));
    }

    [Fact]
    public async Task Playing_reads_the_text_to_its_end()
    {
        await JudgeAsync("A lovely film, warm and wise, that takes its time and gives it back, though its end comes rather late.");
        await Button("Play").ClickAsync();
        await Expect(Button("Pause")).ToBeVisibleAsync();
        await Expect(Button("Play")).ToBeVisibleAsync();
        await Expect(Page.Locator(".unread")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Two_texts_are_compared_in_a_sentence()
    {
        await JudgeAsync("A lovely film.");
        await Button("Compare with another text").ClickAsync();
        await TextBox("Other text").FillAsync("A dull film.");
        await Expect(Panel.GetByText("points less")).ToContainTextAsync("positive:");
        await Expect(Panel.Locator(".over-graph polyline")).ToHaveCountAsync(2);

        await Button("Compare with another text").ClickAsync();
        await Expect(TextBox("Other text")).ToHaveCountAsync(0);
        await Expect(TextBox("Text")).ToHaveValueAsync("A lovely film.");
    }

    [Fact]
    public async Task A_file_dropped_in_comes_out_as_a_CSV_of_answers()
    {
        string[] texts = ["A lovely film.", "Two hours, which I \"want\" back.", "", "😀 superb"];
        await OpenAsync("judge");
        await Page.GetByRole(AriaRole.Region, new() { Name = "A file of texts" }).DropAsync(
            "films.csv", "text,year\n" + string.Concat(texts.Select(text => $"\"{text.Replace("\"", "\"\"")}\",1999\n")));
        await Button("Judge 4 texts").ClickAsync();
        await Expect(Panel.GetByText("4 of 4 texts of")).ToBeVisibleAsync();
        IDownload download = await Page.RunAndWaitForDownloadAsync(() => Button("Download the answers as CSV").ClickAsync());

        Assert.Equal("films-judged.csv", download.SuggestedFilename);
        string[] rows = (await File.ReadAllTextAsync(await download.PathAsync())).TrimStart('\ufeff').Split("\r\n");
        JsonElement answers = await Service.PostAsync("/classify", new { inputs = texts.Where(text => text.Length > 0) });
        string Row(string text, int index) =>
            $"{text},{answers[index][0].GetProperty("label")},{answers[index][0].GetProperty("score")},{Score(index, "negative")},{Score(index, "positive")},";
        string Score(int index, string label) =>
            answers[index].EnumerateArray().Single(entry => entry.GetProperty("label").GetString() == label).GetProperty("score").ToString();
        Assert.Equal(
            ["text,label,score,negative,positive,error", Row("A lovely film.", 0), Row("\"Two hours, which I \"\"want\"\" back.\"", 1), ",,,,,the text is empty", Row("😀 superb", 2), ""],
            rows);
    }

    [Fact]
    public async Task A_file_without_texts_is_refused_and_says_what_is_expected()
    {
        await OpenAsync("judge");
        await Panel.GetByLabel("Drop it here or choose it").SetInputFilesAsync(new FilePayload { Name = "empty.txt", MimeType = "text/plain", Buffer = "\n\n"u8.ToArray() });
        await Expect(Panel.GetByRole(AriaRole.Alert)).ToContainTextAsync("empty.txt has no texts; expected a text a line");
        await Expect(Panel.GetByRole(AriaRole.Alert)).ToContainTextAsync("This file cannot be read");
    }

    [Fact]
    public async Task What_was_typed_is_there_after_a_reload()
    {
        await JudgeAsync("Not a word of it is lost.");
        await Page.ReloadAsync();
        await Expect(TextBox("Text")).ToHaveValueAsync("Not a word of it is lost.");
        await Expect(Word("lost")).ToBeVisibleAsync();
    }

    private ILocator Word(string text) => Words.Filter(new() { HasTextString = text });

    private async Task JudgeAsync(string text)
    {
        await OpenAsync("judge");
        await TextBox("Text").FillAsync(text);
        await Expect(Panel.Locator(".over-text")).ToHaveTextAsync(text);
    }

    private static Task<int> PointsAsync(ILocator line) => line.EvaluateAsync<int>("line => line.points.numberOfItems");
}
