using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using RnnService.Engine.Generation;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;
using Xunit;

namespace RnnService.Engine.Tests.Generation;

/// <summary>Beams against the enumeration of every text there is, against the likeliest token after the other, and alone against in company.</summary>
public sealed class BeamSearchTests
{
    private static readonly string[] Texts = ["the cat sat on the mat.", "a", "good dog !", "was it not very good ?", "on"];

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 0)]
    [InlineData(2.5, 0)]
    [InlineData(-1, 0)]
    [InlineData(1, 0.4)]
    public void Enough_beams_find_the_best_of_all_texts(double lengthPenalty, double coveragePenalty)
    {
        const int Most = 4;
        for (ulong seed = 1; seed <= 6; seed++)
        {
            using Translator model = Toy(seed);
            var all = new GenerationOptions { LengthPenalty = (float)lengthPenalty, CoveragePenalty = (float)coveragePenalty, MaxNewTokens = Most };
            (string Text, double Sum, double Score)[] wanted = [.. Every(model, "abc", all).OrderByDescending(one => one.Score).Take(3)];
            IReadOnlyList<Hypothesis> found = model.Translate(["abc"], all with { Beams = 200, Best = 3 })[0].Hypotheses;
            Assert.Equal(wanted.Select(one => one.Text), found.Select(one => one.Text));
            for (int i = 0; i < wanted.Length; i++)
            {
                Assert.Equal(wanted[i].Sum, found[i].LogProbability, 1e-4);
                Assert.Equal(wanted[i].Score, found[i].Score, 1e-4);
                Assert.Equal(FinishReason.EndOfText, found[i].Finished);
            }
        }
    }

    [Fact]
    public void One_beam_takes_the_likeliest_token_after_the_other()
    {
        for (ulong seed = 1; seed <= 4; seed++)
        {
            using Translator model = seed % 2 == 0 ? Toy(seed) : Tiny.Translator(seed: seed);
            foreach (string text in seed % 2 == 0 ? (string[])["abc", "ca", "b"] : Texts)
            {
                GenerationStream greedy = model.Translate([text], new() { DoSample = false })[0];
                GenerationStream search = GenerationStream.Translate(
                    model.Network, model.Tokenizer, model.TargetTokenizer, text, model.DefaultOptions, 100, searches: true);
                GenerationBatch batch = model.NewBatch();
                while (search.Finished is null) batch.Advance([search]);
                Same(greedy, search);
            }
        }
    }

    [Fact]
    public void An_idle_batch_keeps_nothing_of_the_sources_that_were_translated()
    {
        using Translator model = Tiny.Translator(seed: 5);
        GenerationBatch batch = model.NewBatch();
        List<WeakReference> keys = [.. Texts.SelectMany(text => Translate(text))];
        GC.Collect();
        Assert.DoesNotContain(keys, source => source.IsAlive);
        GC.KeepAlive(batch);

        [MethodImpl(MethodImplOptions.NoInlining)]
        WeakReference[] Translate(string text)
        {
            GenerationStream[] streams = [model.NewStream(text), model.NewStream(text, new() { Beams = 3 })];
            batch.Advance(streams);
            WeakReference[] seen = [.. streams.Select(stream => KeysOf(batch.StateOf(stream)!))];
            while (streams.Any(stream => stream.Finished is null)) batch.Advance([.. streams.Where(stream => stream.Finished is null)]);
            return seen;
        }

        static WeakReference KeysOf(RecurrentState state) =>
            new(MemoryMarshal.TryGetArray(state.Sources[0]!.Keys, out ArraySegment<float> array) ? array.Array : throw new InvalidOperationException());
    }

    [Fact]
    public void Beams_streams_and_draws_of_many_texts_are_what_they_are_alone()
    {
        using Translator model = Tiny.Translator(CellKind.Lstm, new DecoderConfig { Layers = 2 }, seed: 5);
        GenerationOptions[] options =
        [
            new() { Beams = 4, Best = 2 }, new() { DoSample = true, Seed = 7, Temperature = 0.8f }, new() { DoSample = false }, new() { Beams = 7, Best = 7, CoveragePenalty = 0.2f },
        ];
        GenerationStream[] together = [.. Texts.SelectMany(text => options.Select(one => model.NewStream(text, one)))];
        GenerationBatch batch = model.NewBatch();
        var random = new RandomSource(3);
        while (together.Any(stream => stream.Finished is null))
        {
            // Some step and some do not; some are put aside and come again.
            GenerationStream[] some = [.. together.Where(stream => stream.Finished is null && random.Below(4) > 0)];
            batch.Advance(some);
            foreach (GenerationStream stream in together)
            {
                Assert.Null(stream.Failure);
                if (random.Below(10) == 0) batch.Remove(stream);
            }
        }

        Assert.Equal(0, batch.Count);
        for (int i = 0; i < together.Length; i++)
            Same(model.Translate([Texts[i / options.Length]], options[i % options.Length])[0], together[i]);
    }

    [Fact]
    public void A_text_that_does_not_end_is_cut_and_comes_after_those_that_end()
    {
        using Translator model = Toy(2);
        GenerationStream stream = model.Translate(["abc"], new() { Beams = 60, Best = 60, MaxNewTokens = 2 })[0];
        Assert.Equal(4 + 9, stream.Hypotheses.Count); // nothing, a, b and c; and the pairs of these
        Assert.All(stream.Hypotheses.Take(4), one => Assert.Equal(FinishReason.EndOfText, one.Finished));
        Assert.All(stream.Hypotheses.Skip(4), one => Assert.Equal((FinishReason.Length, 2), (one.Finished, one.Text.Length)));
        Assert.Equal(stream.Hypotheses[0].Text, stream.Text);
    }

    private static void Same(GenerationStream wanted, GenerationStream found)
    {
        Assert.Equal(wanted.Hypotheses.Count, found.Hypotheses.Count);
        foreach ((Hypothesis one, Hypothesis other) in wanted.Hypotheses.Zip(found.Hypotheses))
        {
            Assert.Equal((one.Text, one.LogProbability, one.Score, one.Finished), (other.Text, other.LogProbability, other.Score, other.Finished));
            Assert.Equal(one.Tokens, other.Tokens);
            foreach ((float[] weights, float[] others) in one.Attention.Zip(other.Attention)) Expect.SameBits(weights, others);
        }

        Assert.Equal(wanted.Tokens.Select(token => token.Token), found.Tokens.Select(token => token.Token));
    }

    /// <summary>Every text that ends within the limit, judged by a single pass over it.</summary>
    private static IEnumerable<(string Text, double Sum, double Score)> Every(Translator model, string source, GenerationOptions options)
    {
        string[] texts = [""];
        for (int length = 1; length <= options.MaxNewTokens; length++)
        {
            foreach (string text in texts)
            {
                int[] ids = model.ReadSource(source), target = model.ReadTarget(text);
                double sum = -model.Score([ids], [target])[0], coverage = 0;
                double score = sum / Math.Pow(length, options.LengthPenalty);
                if (options.CoveragePenalty > 0)
                {
                    double[] looked = new double[ids.Length];
                    RecurrentState state = model.Network.Encode([ids]);
                    foreach (int id in target[..^1])
                    {
                        model.Network.Forward([new[] { id }], [0], state, (_, _, _) => { });
                        for (int j = 0; j < looked.Length; j++) looked[j] += state.Sources[0]!.Weights[j];
                    }

                    coverage = looked.Sum(one => Math.Log(Math.Min(1, one)));
                }

                yield return (text, sum, score + options.CoveragePenalty * coverage);
            }

            texts = [.. texts.SelectMany(text => "abc".Select(letter => text + letter))];
        }
    }

    /// <summary>Three letters and the end, with weights so large that texts differ.</summary>
    private static Translator Toy(ulong seed) => (Translator)TextModel.Create(
        new ModelConfig
        {
            Task = ModelTask.Translator,
            Cell = CellKind.Gru,
            Tokenizer = Tokenization.Characters,
            EmbeddingSize = 4,
            HiddenSize = 5,
            Bidirectional = true,
            Decoder = new DecoderConfig(),
        },
        new ModelVocabulary(new Vocabulary([Vocabulary.End, "a", "b", "c"])),
        Parameters.From((_, shape) => Draw.Normal(++seed * 77, shape.Aggregate(1, (all, size) => all * size))));
}
