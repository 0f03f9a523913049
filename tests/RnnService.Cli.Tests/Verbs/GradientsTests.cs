using System.Text.Json;
using System.Xml.Linq;

namespace RnnService.Cli.Tests.Verbs;

public sealed class GradientsTests(TrainedModels models)
{
    [Fact]
    public void Each_token_has_a_line_with_its_distance_and_norms()
    {
        CommandRun run = CommandRun.Of("gradients", models.LanguageModel, "--text", "the clock").Succeeded();
        Assert.StartsWith("Answer: next comes \"", run.Lines[0], StringComparison.Ordinal);
        Assert.EndsWith("of 9 tokens.", run.Lines[0], StringComparison.Ordinal);
        Assert.Equal(["back", "token", "input", "layer", "0"], run.Lines[2].Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(9, run.Lines.Length - 3);
        Assert.Equal(["8", "t"], run.Lines[3].Split(' ', StringSplitOptions.RemoveEmptyEntries)[..2]);
    }

    [Fact]
    public void As_JSON_they_are_those_of_the_library_and_later_words_have_none()
    {
        JsonElement all = CommandRun.Of("gradients", models.Tagger, "--text", "Anna met Paul today", "--at", "1", "--json").Succeeded().Json();
        Assert.Equal(1, all.GetProperty("at").GetInt32());
        Assert.Equal([1, 0, -1, -2], all.GetProperty("tokens").EnumerateArray().Select(token => token.GetProperty("back").GetInt32()));
        Assert.All(all.GetProperty("tokens").EnumerateArray(), token => Assert.True(token.GetProperty("input").GetSingle() > 0));
        Assert.Equal(["layer 0", "layer 0, from the end"], all.GetProperty("layers").EnumerateArray().Select(name => name.GetString()));
        // The forward half has not read what comes after the word.
        Assert.Equal(0, all.GetProperty("tokens")[3].GetProperty("states")[0].GetSingle());
        Assert.True(all.GetProperty("tokens")[3].GetProperty("states")[1].GetSingle() > 0);
    }

    [Fact]
    public void Of_a_language_model_s_loss_they_are_those_of_what_the_text_goes_on_with()
    {
        JsonElement all = CommandRun.Of("gradients", models.LanguageModel, "--text", "the clock", "--loss", "--json").Succeeded().Json();
        Assert.Equal("k", all.GetProperty("answer").GetString());
        Assert.Equal(7, all.GetProperty("at").GetInt32());
        Assert.StartsWith("Loss if: next comes \"k\".", CommandRun.Of("gradients", models.LanguageModel, "--text", "the clock", "--loss").Succeeded().Lines[0], StringComparison.Ordinal);
    }

    [Fact]
    public void They_are_drawn_by_distance()
    {
        using var folder = new ScratchFolder();
        CommandRun.Of("gradients", models.Classifier, "--text", "a good day", "--out", folder["reach.svg"]).Succeeded();
        XElement picture = XElement.Load(folder["reach.svg"]);
        Assert.Contains("how far back", picture.Value, StringComparison.Ordinal);
        Assert.Equal(3, picture.Descendants().Count(one => one.Name.LocalName == "path" && (string?)one.Attribute("fill") == "none"));
    }

    [Fact]
    public void What_cannot_be_asked_is_said()
    {
        CommandRun.Of("gradients", models.Tagger, "--text", "Anna", "--at", "1").FailedWith(1, "at is 1; expected 0 to 0");
        CommandRun.Of("gradients", models.Tagger, "--text", " ").FailedWith(1, "--text holds no word that the model reads; expected one or more");
        CommandRun.Of("gradients", models.Classifier, "--text", "a good day", "--loss", "neither").FailedWith(1, "--loss is neither; expected one of");
        CommandRun.Of("gradients", models.LanguageModel, "--text", "the clock", "--loss", "--at", "-1").FailedWith(1, "--at is -1; expected a token that another follows");
    }
}
