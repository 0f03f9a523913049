using RnnService.Engine.Generation;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;
using Xunit;

namespace RnnService.Engine.Tests.Generation;

/// <summary>Texts without a prompt, and prompts that a model cannot read.</summary>
public sealed class GenerationStartTests
{
    private static readonly GenerationOptions Options = new() { Seed = 3, MaxNewTokens = 6, ScorePrompt = true, TopNTokens = 2 };

    [Fact]
    public void Without_a_prompt_a_text_goes_on_after_a_line_break_where_there_is_one()
    {
        LanguageModel model = Model(Tokenization.Characters, "a", "b", "\n", "<unk>");
        GenerationStream begun = Run(model.NewStream("", Options)), after = Run(model.NewStream("\n", Options));
        Assert.Equal(after.Text, begun.Text);
        Assert.Equal(after.Tokens.Select(token => token.Token), begun.Tokens.Select(token => token.Token));
        Assert.Empty(begun.Prompt);

        LanguageModel words = Model(Tokenization.Whitespace, "<unk>", "</s>", "to", "be");
        Assert.Equal(Run(words.NewStream("\n", Options)).Text, Run(words.NewStream("", Options)).Text);
    }

    [Theory]
    [InlineData(Tokenization.Characters, "A", "B", "C", "<pad>", "<unk>")]
    [InlineData(Tokenization.Whitespace, "to", "be", "or")]
    public void Else_its_first_token_is_drawn_from_all_and_is_one_of_those_asked_for(Tokenization tokenizer, params string[] tokens)
    {
        LanguageModel model = Model(tokenizer, tokens);
        int[] counts = new int[tokens.Length];
        for (ulong seed = 0; seed < 300; seed++)
        {
            GenerationStream stream = Run(model.NewStream("", Options with { Seed = seed }));
            Assert.Equal(6, stream.Tokens.Count);
            Assert.Equal(MathF.Log(1 / 3f), stream.Tokens[0].Token.LogProbability, 1e-6f);
            Assert.Equal(string.Concat(stream.Tokens.Select(token => token.Token.Text)), stream.Text);
            counts[stream.Tokens[0].Token.Id]++;
        }

        Assert.All(counts[..3], count => Assert.InRange(count, 70, 130));
        Assert.All(counts[3..], count => Assert.Equal(0, count));
        Assert.Equal(FinishReason.Length, model.NewStream("", Options with { MaxNewTokens = 1 }).Finished);
        Assert.Single(model.Generate("", Options with { MaxNewTokens = 1 }));
        Assert.Equal(
            model.Generate("", Options).Select(token => token.Token), Run(model.NewStream("", Options)).Tokens.Select(token => token.Token));
    }

    [Fact]
    public void A_drawn_letter_is_followed_by_what_would_follow_it_in_a_prompt()
    {
        LanguageModel model = Model(Tokenization.Characters, "A", "B", "C");
        GenerationOptions greedy = Options with { DoSample = false };
        GenerationStream begun = Run(model.NewStream("", greedy));
        Assert.Equal(
            begun.Text, begun.Text[..1] + Run(model.NewStream(begun.Text[..1], greedy with { MaxNewTokens = 5 })).Text);
    }

    [Fact]
    public void A_prompt_of_nothing_known_is_refused_and_one_of_something_tells_what_is_not()
    {
        foreach (LanguageModel model in (LanguageModel[])[
            Model(Tokenization.Characters, "a", "b"), Model(Tokenization.Whitespace, "a", "b")])
        {
            string message = Assert.Throws<ArgumentException>(() => model.NewStream("xyz", Options)).Message;
            Assert.StartsWith("the prompt holds none of the ", message, StringComparison.Ordinal);
        }

        Assert.Throws<ArgumentException>(() => Model(Tokenization.Whitespace, "a", "<unk>").NewStream(" \t", Options));
        Assert.Equal(["xyz"], Model(Tokenization.Whitespace, "a", "<unk>").NewStream("xyz", Options).UnknownTokens);
        LanguageModel spare = Model(Tokenization.Characters, "a", "b", "<unk>");
        Assert.Equal(
            [false, true, true],
            ((string[])["xyz", "xya", ""]).Select(prompt => spare.NewStream(prompt, Options).KnowsPrompt));
        Assert.Equal(["x", "y"], Model(Tokenization.Characters, "a", "b").NewStream("xaybx", Options).UnknownTokens);
    }

    private static LanguageModel Model(Tokenization tokenizer, params string[] tokens) => (LanguageModel)TextModel.Create(
        new ModelConfig { Task = ModelTask.LanguageModel, Cell = CellKind.Gru, Tokenizer = tokenizer, EmbeddingSize = 4, HiddenSize = 5 },
        new ModelVocabulary(new Vocabulary(tokens)), Parameters.Random(2));

    private static GenerationStream Run(GenerationStream stream)
    {
        var batch = new GenerationBatch(stream.Network);
        while (stream.Finished is null) batch.Advance([stream]);
        return stream;
    }
}
