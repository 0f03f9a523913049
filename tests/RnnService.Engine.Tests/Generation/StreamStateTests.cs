using CsCheck;
using RnnService.Engine.Generation;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Weights;
using Xunit;

namespace RnnService.Engine.Tests.Generation;

/// <summary>A text that is continued from a state is the text that was never interrupted.</summary>
public sealed class StreamStateTests
{
    public static TheoryData<CellKind> Cells => [.. Enum.GetValues<CellKind>()];

    /// <summary>Whatever the options, the pieces and where they are cut, each piece a stream from the bytes of the one before.</summary>
    [Theory]
    [MemberData(nameof(Cells))]
    public void Ten_pieces_are_one_text(CellKind cell) => ArePieces(Tiny.Language(cell));

    /// <summary>A model of random weights writes bytes of many characters that are cut anywhere.</summary>
    [Fact]
    public void Ten_pieces_of_subwords_are_one_text_wherever_a_character_is_cut() => ArePieces(Tiny.Subwords());

    private static void ArePieces(LanguageModel model)
    {
        Options(most: 60).Select(Gen.Int[1, 9].Array[10], Gen.Int[1, 70]).Sample(
            (options, lengths, chunk) =>
            {
                GenerationStream whole = Run(model, model.NewStream("the cat sat.", options), chunk);
                Assert.Equal(whole.Text, string.Concat(whole.Tokens.Select(token => token.Text)));
                int left = whole.Tokens.Count;
                GenerationStream piece = Run(model, model.NewStream("the cat sat.", options with { MaxNewTokens = Math.Min(left, lengths[0]) }));
                List<ScoredToken> tokens = [.. piece.Tokens.Select(token => token.Token)];
                for (int i = 1; tokens.Count < left; i++)
                {
                    Assert.Equal(whole.PromptTokens + tokens.Count, piece.Position);
                    StreamState state = model.ReadState(piece.SaveState().ToBytes());
                    Assert.Equal(piece.Position, state.Position);
                    int length = i < 10 ? Math.Min(left - tokens.Count, lengths[i]) : left - tokens.Count;
                    piece = Run(model, model.NewStream("", options with { MaxNewTokens = length, Seed = i % 2 == 0 ? null : options.Seed }, state));
                    tokens.AddRange(piece.Tokens.Select(token => token.Token));
                }

                Assert.Equal(whole.Tokens.Select(token => token.Token), tokens);
                Assert.Equal(whole.Finished, piece.Finished);
                Assert.Equal(whole.SaveState().ToBytes(), piece.SaveState().ToBytes());
            },
            iter: 40,
            threads: 1);
    }

    /// <summary>After any step of a prompt's reading or of writing, beside others, put aside or not.</summary>
    [Fact]
    public void A_stream_gives_its_state_wherever_it_is() => Options(most: 12).Select(Gen.Int[0, 14], Gen.Bool, Gen.Int[0, 40]).Sample(
        (options, steps, aside, company) =>
        {
            LanguageModel model = Tiny.Language();
            GenerationStream whole = Run(model, model.NewStream("a cat and a dog", options)), stream = model.NewStream("a cat and a dog", options);
            var batch = model.NewBatch();
            GenerationStream[] others = [.. Enumerable.Range(0, company).Select(i => model.NewStream("not", options with { MaxNewTokens = 50, Seed = (ulong)i }))];
            for (int step = 0; step < steps && stream.Finished is null; step++)
                batch.Advance([.. others.Where(other => other.Finished is null), stream], promptChunk: 3);
            if (aside) batch.Remove(stream);
            StreamState state = model.ReadState(stream.SaveState().ToBytes());
            ScoredToken[] first = [.. stream.Tokens.Select(token => token.Token)];
            // It was only looked at: the stream itself goes on too.
            while (stream.Finished is null) batch.Advance([stream], promptChunk: 3);
            Assert.Equal(whole.Text, stream.Text);
            if (first.Length == whole.Tokens.Count) return;
            GenerationStream rest = Run(model, model.NewStream("", options with { MaxNewTokens = options.MaxNewTokens - first.Length }, state));
            Assert.Equal(whole.Tokens.Select(token => token.Token), [.. first, .. rest.Tokens.Select(token => token.Token)]);
        },
        iter: 60,
        threads: 1);

    [Fact]
    public void A_prompt_after_a_state_is_read_after_the_last_token_of_the_text()
    {
        LanguageModel model = Tiny.Language();
        var options = new GenerationOptions { DoSample = false, MaxNewTokens = 8, ScorePrompt = true };
        GenerationStream first = Run(model, model.NewStream("the cat", options));
        GenerationStream next = Run(model, model.NewStream(" sat", options, first.SaveState()));
        GenerationStream whole = Run(model, model.NewStream($"the cat{first.Text} sat", options));
        Assert.Equal(whole.Tokens.Select(token => token.Token), next.Tokens.Select(token => token.Token));
        Assert.Equal(whole.Prompt.TakeLast(4), next.Prompt);
        Assert.Equal((4, 7 + 8 + 4 + 8), (next.PromptTokens, next.Position));
        Assert.Equal([.. whole.TokenIds.Skip(7 + 8)], next.TokenIds);
    }

    [Fact]
    public void Another_seed_begins_other_draws_from_the_same_state()
    {
        LanguageModel model = Tiny.Language();
        StreamState state = Run(model, model.NewStream("the", new GenerationOptions { Seed = 4, MaxNewTokens = 9 })).SaveState();
        string[] texts = [.. ((ulong?[])[null, 4, 5, 5, 6]).Select(seed =>
            Run(model, model.NewStream("", new GenerationOptions { Seed = seed, MaxNewTokens = 30 }, state)).Text)];
        Assert.Equal(texts[0], texts[1]);
        Assert.Equal(texts[2], texts[3]);
        Assert.Equal(3, texts.Distinct().Count());
    }

    [Fact]
    public void A_stop_string_that_was_found_is_not_found_again_and_one_does_not_span_a_prompt()
    {
        LanguageModel model = Says("a");
        var options = new GenerationOptions { DoSample = false, MaxNewTokens = 9, Stop = ["aaa"] };
        GenerationStream stream = Run(model, model.NewStream("b", options));
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(("aaa", FinishReason.StopSequence), (stream.Text, stream.Finished));
            stream = Run(model, model.NewStream("", options, stream.SaveState()));
        }

        StreamState after = Run(model, model.NewStream("b", options with { MaxNewTokens = 2 })).SaveState();
        Assert.Equal("a", Run(model, model.NewStream("", options, after)).Text);
        Assert.Equal("aaa", Run(model, model.NewStream("a", options, after)).Text);
    }

    [Fact]
    public void Tokens_are_continued_as_the_text_they_are()
    {
        LanguageModel model = Tiny.Language();
        var options = new GenerationOptions { Seed = 3, MaxNewTokens = 20, RepetitionPenalty = 1.2f };
        Assert.Equal(
            Run(model, model.NewStream("not bad", options)).Text,
            Run(model, model.NewStream(model.Tokenizer.Encode("not bad"), options)).Text);
        Assert.Equal(
            Run(model, model.NewStream("", options)).Text, Run(model, model.NewStream([], options)).Text);
        foreach (int wrong in (int[])[-1, Tiny.Letters.Count])
        {
            Assert.StartsWith(
                $"token 1 of the prompt is {wrong}; expected 0 to {Tiny.Letters.Count - 1}",
                Assert.Throws<ArgumentException>(() => model.NewStream([3, wrong])).Message,
                StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("a")]
    [InlineData("a cat sat on the mat")]
    public void Nothing_to_be_generated_scores_the_prompt_and_leaves_a_state_to_go_on_from(string prompt)
    {
        LanguageModel model = Tiny.Language();
        var options = new GenerationOptions { Seed = 3, MaxNewTokens = 12, ScorePrompt = true };
        GenerationStream whole = Run(model, model.NewStream(prompt, options));
        GenerationStream scored = Run(model, model.NewStream(prompt, options with { MaxNewTokens = 0 }), chunk: 7);
        Assert.Equal((0, "", FinishReason.Length), (scored.Tokens.Count, scored.Text, scored.Finished));
        Assert.Equal(whole.Prompt, scored.Prompt);
        Assert.Equal(prompt.Length, scored.Position);
        Assert.Equal(whole.Text, Run(model, model.NewStream("", options, model.ReadState(scored.SaveState().ToBytes()))).Text);
        Assert.Empty(model.Generate(prompt, options with { MaxNewTokens = 0 }));
        Assert.Equal(FinishReason.Length, model.NewStream("", options with { MaxNewTokens = 0 }).Finished);
    }

    [Fact]
    public void A_stream_that_failed_has_no_state()
    {
        LanguageModel model = Tiny.Language(parameters: Parameters.From((name, shape) =>
        {
            float[] values = new float[shape.Aggregate((a, b) => a * b)];
            if (name == "head.bias") Array.Fill(values, 3e38f);
            if (name == "head.weight") Array.Fill(values, 3e38f);
            if (name.StartsWith("rnn", StringComparison.Ordinal)) Array.Fill(values, 1f);
            return values;
        }));
        GenerationStream stream = model.NewStream("a");
        model.NewBatch().Advance([stream]);
        Assert.NotNull(stream.Failure);
        Assert.Equal("the generation has failed", Assert.Throws<InvalidOperationException>(stream.SaveState).Message);
    }

    /// <summary>Options that leave nothing out, with stop strings that now and then occur.</summary>
    private static Gen<GenerationOptions> Options(int most) => Gen.Select(
        Gen.ULong, Gen.OneOf(Gen.Const(0f), Gen.Float[0.3f, 2]), Gen.Int[0, 30], Gen.Float[0.4f, 1], Gen.OneOf(Gen.Const(1f), Gen.Float[0.8f, 1.6f]),
        Gen.OneOf(Gen.Const(0f), Gen.Float[-0.5f, 1]), Gen.Char["abe .!"].Array[2, 3].Select(letters => new string(letters)).Array[0, 3]).Select(
        (seed, temperature, topK, topP, repetition, penalty, stop) => new GenerationOptions
        {
            MaxNewTokens = most,
            Seed = seed,
            Temperature = temperature,
            TopK = topK,
            TopP = topP,
            TypicalP = topP,
            RepetitionPenalty = repetition,
            FrequencyPenalty = penalty,
            PresencePenalty = -penalty,
            LogitBias = new Dictionary<int, float> { [5] = penalty },
            Stop = stop,
        });

    private static LanguageModel Says(string token) => Tiny.Language(parameters: Parameters.From((name, shape) =>
    {
        float[] values = new float[shape.Aggregate((a, b) => a * b)];
        if (name == "head.bias") values[Tiny.Letters.IdOf(token)] = 30;
        return values;
    }));

    private static GenerationStream Run(LanguageModel model, GenerationStream stream, int chunk = 64)
    {
        GenerationBatch batch = model.NewBatch();
        while (stream.Finished is null) batch.Advance([stream], chunk);
        return stream;
    }
}
