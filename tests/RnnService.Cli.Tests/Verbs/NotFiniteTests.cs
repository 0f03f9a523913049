using System.Text.Json;
using RnnService.Cli.Shell;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;

namespace RnnService.Cli.Tests.Verbs;

/// <summary>Models whose weights are finite and whose numbers overflow for the word "huge".</summary>
public sealed class NotFiniteTests
{
    private const string Sentence = "its scores are not finite numbers: the model's values overflow for this text";

    [Fact]
    public void Classify_answers_the_others_and_fails_with_a_sentence()
    {
        using var folder = new ScratchFolder();
        string model = Save(folder, ModelTask.Classifier, ["a", "b"]);
        CommandRun run = CommandRun.Of("classify", model, "to be", "huge", "be");
        run.FailedWith(ExitCode.Failed, "text 2", Sentence);
        Assert.Equal(["to be", "be"], run.Lines.Select(line => line.Split("%  ")[1]));
        JsonElement[] lines = CommandRun.Of("classify", model, "to be", "huge", "be", "--json").JsonLines();
        Assert.Equal(["to be", "be"], lines.Select(line => line.GetProperty("text").GetString()));
        Assert.DoesNotContain("NaN", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Tag_answers_the_others_and_fails_with_a_sentence()
    {
        using var folder = new ScratchFolder();
        string model = Save(folder, ModelTask.Tagger, ["X", "Y"]);
        CommandRun run = CommandRun.Of("tag", model, "to huge", "be");
        run.FailedWith(ExitCode.Failed, "text 1", Sentence);
        Assert.StartsWith("be\t", Assert.Single(run.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public void Generate_fails_with_a_sentence_after_what_could_be_said()
    {
        using var folder = new ScratchFolder();
        string model = Save(folder, ModelTask.LanguageModel, []);
        CommandRun.Of("generate", model, "to huge").FailedWith(ExitCode.Failed, Sentence);
        CommandRun.Of("generate", model, "to huge", "--json").FailedWith(ExitCode.Failed, Sentence);
    }

    private static string Save(ScratchFolder folder, ModelTask task, string[] labels)
    {
        var config = new ModelConfig
        {
            Task = task,
            Cell = CellKind.Relu,
            Tokenizer = Tokenization.Whitespace,
            EmbeddingSize = 4,
            HiddenSize = 6,
            Labels = labels,
        };
        var vocabulary = new ModelVocabulary(new Vocabulary([Vocabulary.Padding, Vocabulary.Unknown, "to", "be", "huge"]));
        Dictionary<string, float[]> values = TextModel.Create(config, vocabulary, Parameters.Random(5)).Parameters.All
            .ToDictionary(parameter => parameter.Name, parameter => parameter.Values.ToArray());
        foreach ((string parameter, float[] data) in values)
        {
            if (parameter.Contains("embedding", StringComparison.Ordinal)) data.AsSpan(vocabulary.Tokens.IdOf("huge") * 4, 4).Fill(3e38f);
            if (!parameter.Contains("weight_ih", StringComparison.Ordinal)) continue;
            for (int i = 0; i < data.Length; i++) data[i] = MathF.Abs(data[i]) * 10;
        }

        ModelFolder.Save(folder["model"], TextModel.Create(config, vocabulary, Parameters.From((parameter, _) => values[parameter])), "to be");
        return folder["model"];
    }
}
