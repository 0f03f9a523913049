using RnnService.Engine.Generation;
using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;
using Xunit;

namespace RnnService.Engine.Tests.Models;

public sealed class TranslatorTests
{
    [Theory]
    [InlineData(AttentionKind.Additive)]
    [InlineData(AttentionKind.Multiplicative)]
    [InlineData(AttentionKind.None)]
    public void A_translation_tells_its_tokens_and_where_each_looked(AttentionKind attention)
    {
        using Translator model = Tiny.Translator(decoder: new DecoderConfig { Attention = attention, SharedVocabulary = false }, seed: 2);
        GenerationStream stream = model.Translate(["a cat"], new() { Beams = 3, Best = 2 })[0];
        Assert.Equal(["a", " ", "c", "a", "t", "</s>"], stream.SourceTokens);
        Assert.Equal(6, stream.PromptTokens);
        Assert.Equal(2, stream.Hypotheses.Count);
        Assert.True(stream.Hypotheses[0].Score >= stream.Hypotheses[1].Score);
        foreach (Hypothesis one in stream.Hypotheses)
        {
            Assert.Equal(one.Tokens.Count, one.Attention.Count);
            Assert.Equal(one.LogProbability, one.Tokens.Sum(token => (double)token.LogProbability), 1e-9);
            Assert.Equal(one.LogProbability / one.Tokens.Count, one.Score, 1e-9);
            Assert.Equal(one.Text, string.Concat(one.Tokens.Where(token => !token.IsSpecial).Select(token => token.Text)));
            foreach (float[] weights in one.Attention)
            {
                Assert.Equal(attention == AttentionKind.None ? 0 : 6, weights.Length);
                if (weights.Length > 0) Assert.Equal(1, weights.Sum(), 1e-5);
            }
        }
    }

    [Fact]
    public void Words_are_put_together_without_a_space_before_the_first()
    {
        using var model = (Translator)TextModel.Create(
            new ModelConfig
            {
                Task = ModelTask.Translator,
                Cell = CellKind.Gru,
                Tokenizer = Tokenization.Whitespace,
                EmbeddingSize = 4,
                HiddenSize = 5,
                Decoder = new DecoderConfig(),
            },
            new ModelVocabulary(new Vocabulary([.. Tiny.Words.Tokens, Vocabulary.End])), Parameters.Random(3));
        foreach (GenerationOptions options in (GenerationOptions[])[new() { Beams = 2 }, new() { DoSample = true, Seed = 4 }])
        {
            GenerationStream stream = model.Translate(["the cat  sat"], options)[0];
            string[] words = [.. stream.Hypotheses[0].Tokens.Where(token => !token.IsSpecial).Select(token => token.Text.Trim())];
            Assert.NotEmpty(words);
            Assert.Equal(string.Join(' ', words), stream.Text);
            Assert.Equal(["the", "cat", "sat", "</s>"], stream.SourceTokens);
        }
    }

    [Fact]
    public void Draws_depend_on_the_seed_and_stop_where_they_are_told()
    {
        using Translator model = Tiny.Translator(seed: 2);
        GenerationOptions options = Enumerable.Range(0, 100).Select(seed => new GenerationOptions { DoSample = true, Seed = (ulong)seed })
            .First(one => model.Translate("the cat", one).Length > 8);
        string text = model.Translate("the cat", options), other = model.Translate("the cat", options with { Seed = options.Seed + 1 });
        Assert.Equal(text, model.Translate("the cat", options));
        Assert.NotEqual(text, other);
        string stop = text[4..6];
        string stopped = model.Translate("the cat", options with { Stop = [stop] });
        Assert.Equal(text[..(text.IndexOf(stop, StringComparison.Ordinal) + 2)], stopped);
        Assert.Equal(FinishReason.Length, model.Translate(["the cat"], options with { MaxNewTokens = 3 })[0].Finished);
    }

    [Fact]
    public void What_cannot_be_translated_is_refused_in_words()
    {
        using Translator model = Tiny.Translator(seed: 2);
        using LanguageModel poet = Tiny.Language();
        Refused("the text holds none of the 33 characters that the model knows; expected one or more (Parameter 'text')", () => model.Translate(""));
        Refused("the text holds 5000 characters; expected at most 4096 (Parameter 'text')", () => model.Translate(new string('a', 5000)));
        Refused("beams is 0; expected 1 or more", () => model.Translate("a", new() { Beams = 0 }));
        Refused("best is 3; expected 1 to 2 (beams)", () => model.Translate("a", new() { Beams = 2, Best = 3 }));
        Refused("coverage_penalty is -1; expected 0 or more", () => model.Translate("a", new() { CoveragePenalty = -1 }));
        Refused("beams is 2; expected 1 but for a translator (Parameter 'options')", () => poet.Complete("a", new() { Beams = 2 }));
        Assert.Throws<InvalidOperationException>(() => model.NewStream("a").SaveState());
        Assert.False(model.CanInspect);

        static void Refused(string message, Action act) => Assert.Equal(message, Assert.Throws<ArgumentException>(act).Message);
    }

    [Fact]
    public void What_is_not_known_is_told()
    {
        using Translator model = Tiny.Translator(seed: 2);
        GenerationStream stream = model.NewStream("Äa");
        Assert.Equal(["Ä"], stream.UnknownTokens);
        Assert.Contains("Ä", stream.Warning!, StringComparison.Ordinal);
        Assert.True(stream.KnowsPrompt);
        Assert.False(model.NewStream("ÄÄ").KnowsPrompt);
    }

    [Fact]
    public void Scores_of_given_texts_are_those_of_the_tokens_one_by_one()
    {
        using Translator model = Tiny.Translator(CellKind.Lstm, seed: 2);
        Hypothesis written = model.Translate(["good dog"], new() { Beams = 3, MaxNewTokens = 200 })[0].Hypotheses[0];
        int[] target = [model.Vocabulary.Tokens.EndId, .. written.Tokens.Select(token => token.Id)];
        Assert.Equal(-written.LogProbability, model.Score([model.ReadSource("good dog")], [target])[0], 1e-4);
    }

    [Theory]
    [InlineData(ElementType.F32, 0)]
    [InlineData(ElementType.BF16, 0.01)]
    [InlineData(ElementType.I8, 0.03)]
    public void Narrow_weights_score_texts_nearly_the_same_and_keep_their_bits(ElementType type, double most)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory();
        try
        {
            foreach (AttentionKind attention in Enum.GetValues<AttentionKind>())
            {
                using Translator model = Tiny.Translator(CellKind.Gru, new DecoderConfig(attention), tied: true, layers: 2, seed: 5);
                int[][] sources = [model.ReadSource("good dog"), model.ReadSource("the cat")], targets = [model.ReadTarget("a cat"), model.ReadTarget("dogs")];
                string path = Path.Combine(folder.FullName, $"{attention}");
                ModelFolder.Save(path, model, "good dog", type);
                using Translator once = Translator.Load(path);
                double[] exact = model.Score(sources, targets), found = once.Score(sources, targets);
                double moved = exact.Zip(found, (x, y) => Math.Abs(x - y)).Zip(targets, (nats, tokens) => nats / tokens.Length).Max();
                Assert.InRange(moved, type == ElementType.F32 ? 0 : double.Epsilon, most);
                ModelFolder.Save(path, once, "good dog", type);
                using Translator twice = Translator.Load(path);
                Assert.Equal(found, twice.Score(sources, targets));
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
