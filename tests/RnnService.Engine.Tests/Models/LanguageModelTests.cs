using RnnService.Engine.Generation;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Tests.Cells;
using RnnService.Engine.Weights;
using Xunit;

namespace RnnService.Engine.Tests.Models;

public sealed class LanguageModelTests
{
    public static TheoryData<CellKind> Kinds => CellTests.Kinds;

    /// <summary>Streams join and leave at any step, some rest for a while, and prompts are read in chunks of any size.</summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_stream_in_company_equals_the_stream_alone(CellKind kind)
    {
        LanguageModel model = Tiny.Language(kind);
        var random = new RandomSource(6);
        for (int round = 0; round < 6; round++)
        {
            string[] prompts = new string[12];
            var options = new GenerationOptions[prompts.Length];
            for (int i = 0; i < prompts.Length; i++)
            {
                prompts[i] = Tiny.Text(ref random, 1 + random.Below(20));
                options[i] = new GenerationOptions
                {
                    MaxNewTokens = 1 + random.Below(15),
                    DoSample = random.Below(3) > 0,
                    Temperature = 0.5f + random.Below(3) * 0.5f,
                    TopK = random.Below(2) * 7,
                    TopP = random.Below(2) == 0 ? 1 : 0.8f,
                    RepetitionPenalty = random.Below(2) == 0 ? 1 : 1.3f,
                    Seed = random.Next(),
                    TopNTokens = random.Below(3),
                    ScorePrompt = random.Below(2) == 0,
                    Stop = random.Below(2) == 0 ? [] : ["e"],
                };
            }

            var together = new GenerationStream[prompts.Length];
            for (int i = 0; i < prompts.Length; i++) together[i] = model.NewStream(prompts[i], options[i]);
            while (together.Any(stream => stream.Finished is null))
            {
                int[] places = [.. Enumerable.Range(0, prompts.Length).Where(i => together[i].Finished is null)];
                random.Shuffle<int>(places);
                model.Advance([.. places.Take(1 + random.Below(places.Length)).Select(i => together[i])], promptChunk: 1 + random.Below(8));
            }

            for (int i = 0; i < prompts.Length; i++)
            {
                var alone = model.NewStream(prompts[i], options[i]);
                while (alone.Finished is null) model.Advance([alone]);
                CheckSame(alone, together[i]);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Prompt_scores_are_those_of_Score(CellKind kind)
    {
        LanguageModel model = Tiny.Language(kind);
        const string Prompt = "the cat sat on the mat. it was not very good!";
        var stream = model.NewStream(Prompt, new GenerationOptions { ScorePrompt = true, MaxNewTokens = 1, Seed = 1 });
        while (stream.Finished is null) model.Advance([stream], promptChunk: 7);

        int[] ids = model.Tokenizer.Encode(Prompt);
        Assert.Equal(ids, stream.Prompt.Select(token => token.Id));
        Assert.Equal(Prompt, string.Concat(stream.Prompt.Select(token => token.Text)));
        Assert.True(float.IsNaN(stream.Prompt[0].LogProbability));
        RecurrentState state = model.NewState(1);
        double sum = 0;
        for (int t = 1; t < ids.Length; t++)
        {
            double nats = model.Score([ids.AsMemory(t - 1, 2)], state)[0];
            Assert.Equal(-nats, stream.Prompt[t].LogProbability);
            sum += nats;
        }

        Assert.Equal(sum, model.Score([ids], model.NewState(1))[0], 1e-9);
        ModelAnswer answer = model.Answer(Prompt);
        Assert.Equal(stream.Prompt.Skip(1).Select(token => token.LogProbability), answer.Scores.SkipLast(1));
    }

    [Fact]
    public void Scores_do_not_depend_on_the_other_rows_and_states_move_on()
    {
        LanguageModel model = Tiny.Language();
        var random = new RandomSource(7);
        int[][] rows = new int[9][];
        for (int i = 0; i < rows.Length; i++) rows[i] = model.Tokenizer.Encode(Tiny.Text(ref random, 1 + random.Below(30)));
        RecurrentState together = model.NewState(rows.Length);
        double[] sums = model.Score([.. rows.Select(row => (ReadOnlyMemory<int>)row)], together);
        RecurrentState one = model.NewState(1), picked = model.NewState(1);
        for (int i = 0; i < rows.Length; i++)
        {
            one.Clear(0);
            Assert.Equal(model.Score([rows[i]], one)[0], sums[i]);
            picked.CopyFrom(together, i, 0);
            Expect.SameBits(one.Hidden, picked.Hidden);
            Expect.SameBits(one.CellState, picked.CellState);
        }
    }

    [Fact]
    public void Greedy_generation_follows_the_likeliest_token()
    {
        LanguageModel model = Tiny.Language(seed: 3);
        GeneratedToken[] tokens = [.. model.Generate("ab", new GenerationOptions { DoSample = false, MaxNewTokens = 12, TopNTokens = 3 })];
        IEnumerable<GeneratedToken> cold = model.Generate("ab", new GenerationOptions { Temperature = 0, MaxNewTokens = 12 });
        Assert.Equal(tokens.Select(token => token.Token), cold.Select(token => token.Token));
        string text = "ab";
        foreach (GeneratedToken token in tokens)
        {
            // The last label of an answer is the likeliest next token, its score that token's log-probability.
            ModelAnswer answer = model.Answer(text);
            Assert.Equal(answer.Labels[^1], model.Vocabulary.Tokens[token.Alternatives[0].Id]);
            Assert.Equal(answer.Scores[^1], token.Alternatives[0].LogProbability);
            Assert.Equal(3, token.Alternatives.Count);
            Assert.Equal(token.Alternatives.OrderByDescending(other => other.LogProbability), token.Alternatives);
            if (!token.Alternatives[0].IsSpecial) Assert.Equal(token.Alternatives[0], token.Token);
            text += token.Token.Text;
        }
    }

    [Fact]
    public void A_tied_model_generates_and_scores()
    {
        LanguageModel model = Tiny.Language(tied: true);
        Assert.DoesNotContain(model.Parameters.All, parameter => parameter.Name == "head.weight");
        Assert.Equal(5, model.Generate("abc", new GenerationOptions { MaxNewTokens = 5, Seed = 2 }).Count());
    }

    [Fact]
    public void A_seed_gives_the_same_text_again_and_no_seed_draws_one()
    {
        LanguageModel model = Tiny.Language();
        var first = model.NewStream("the", new GenerationOptions { MaxNewTokens = 40 });
        Run(first);
        var again = model.NewStream("the", new GenerationOptions { MaxNewTokens = 40, Seed = first.Seed });
        Run(again);
        CheckSame(first, again);
        Assert.NotEqual(first.Seed, model.NewStream("the", new GenerationOptions { MaxNewTokens = 40 }).Seed);
        Assert.NotEqual(Of(1), Of(2));

        string Of(int seed)
        {
            var stream = model.NewStream("the", new GenerationOptions { MaxNewTokens = 40, Seed = (ulong)seed });
            Run(stream);
            return stream.Text;
        }

        void Run(GenerationStream stream)
        {
            while (stream.Finished is null) model.Advance([stream]);
        }
    }

    [Fact]
    public void No_streams_are_no_work() => Tiny.Language().Advance([]);

    [Fact]
    public void An_empty_text_has_no_answer() => Assert.Equal(
        "the text holds no token; expected one or more (Parameter 'input')",
        Assert.Throws<ArgumentException>(() => Tiny.Language().Answer("")).Message);

    private static void CheckSame(GenerationStream wanted, GenerationStream found)
    {
        Assert.Equal(wanted.Text, found.Text);
        Assert.Equal(wanted.Finished, found.Finished);
        Assert.Equal(wanted.Prompt, found.Prompt);
        Assert.Equal(wanted.Tokens.Select(token => token.Token), found.Tokens.Select(token => token.Token));
        Assert.Equal(wanted.Tokens.SelectMany(token => token.Alternatives), found.Tokens.SelectMany(token => token.Alternatives));
    }

    [Theory]
    [InlineData(CellKind.Lstm)]
    [InlineData(CellKind.Gru)]
    [InlineData(CellKind.GruBefore)]
    [InlineData(CellKind.Tanh)]
    public void A_step_allocates_nothing_once_warm(CellKind kind)
    {
        Parameters start = Tiny.Language(kind).Parameters;
        LanguageModel model = Tiny.Language(
            kind, parameters: Parameters.From((name, _) => start.All.Single(parameter => parameter.Name == name).Values.ToArray()));
        foreach (int streams in (int[])[1, 5])
        {
            ReadOnlyMemory<int>[] rows = [.. Enumerable.Range(0, streams).Select(row => new[] { 3 + row }.AsMemory())];
            int[] from = new int[streams];
            RecurrentState state = model.NewState(streams);
            float sum = 0;
            LogitsReader reader = (_, _, logits) => sum += logits[0];
            for (int step = 0; step < 5; step++) model.Network.Forward(rows, from, state, reader);
            Expect.NoAllocation(() => model.Network.Forward(rows, from, state, reader));
            Assert.NotEqual(0, sum);
        }
    }
}
