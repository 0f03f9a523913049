using RnnService.Engine.Generation;
using RnnService.Engine.Models;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;
using Xunit;

namespace RnnService.Engine.Tests.Generation;

/// <summary>How a generation ends, what it may say, and what it is asked. The models here say what their bias says.</summary>
public sealed class GenerationTests
{
    [Fact]
    public void Ends_at_the_most_tokens()
    {
        GenerationStream stream = Run(Saying("a"), new GenerationOptions { DoSample = false, MaxNewTokens = 7 });
        Assert.Equal(("aaaaaaa", FinishReason.Length), (stream.Text, stream.Finished));
        Assert.Equal(7, stream.Tokens.Count);
    }

    [Fact]
    public void Ends_at_the_end_token_which_is_no_text()
    {
        GenerationStream stream = Run(Saying(Vocabulary.End), new GenerationOptions { DoSample = false });
        Assert.Equal(("", FinishReason.EndOfText), (stream.Text, stream.Finished));
        ScoredToken token = Assert.Single(stream.Tokens).Token;
        Assert.Equal((Tiny.Letters.EndId, "", true), (token.Id, token.Text, token.IsSpecial));
    }

    [Theory]
    [InlineData("a", "a")]
    [InlineData("aaa", "aaa")]
    [InlineData("b,aa", "aa")]
    [InlineData("ba", "aaaaaaaaaa")]
    public void Ends_once_the_text_ends_with_a_stop_string_and_keeps_it(string stops, string text)
    {
        // The prompt ends with a b: only new text counts.
        var options = new GenerationOptions { DoSample = false, MaxNewTokens = 10, Stop = stops.Split(',') };
        GenerationStream stream = Run(Saying("a"), options, prompt: "aab");
        Assert.Equal(text, stream.Text);
        Assert.Equal(text.Length < 10 ? FinishReason.StopSequence : FinishReason.Length, stream.Finished);
    }

    /// <summary>Greedy with this penalty, a token that was read or said falls behind those that were not.</summary>
    [Theory]
    [InlineData("x", "abc")]
    [InlineData("xa", "bca")]
    [InlineData("xbyyyyy", "aca")]
    public void The_penalty_counts_what_was_read_and_what_was_said(string prompt, string text)
    {
        var options = new GenerationOptions { DoSample = false, RepetitionPenalty = 4, MaxNewTokens = 3 };
        Assert.Equal(text, Run(Preferring(("a", 3), ("b", 2), ("c", 1)), options, prompt).Text);
    }

    [Fact]
    public void A_stop_string_counts_at_the_end_of_the_text()
    {
        var options = new GenerationOptions { DoSample = false, RepetitionPenalty = 4, MaxNewTokens = 9, Stop = ["ac", "bc"] };
        GenerationStream stream = Run(Preferring(("a", 3), ("b", 2), ("c", 1)), options, "x");
        Assert.Equal(("abc", FinishReason.StopSequence), (stream.Text, stream.Finished));
    }

    [Fact]
    public void A_stop_string_at_the_last_token_is_the_reason_given()
    {
        GenerationStream stream = Run(Saying("a"), new GenerationOptions { DoSample = false, MaxNewTokens = 2, Stop = ["aa"] });
        Assert.Equal(FinishReason.StopSequence, stream.Finished);
    }

    /// <summary>However likely, what stands for no text is never said; its log-probability is still the model's.</summary>
    [Theory]
    [InlineData(true, 1, 0, 1)]
    [InlineData(true, 30, 0, 1)]
    [InlineData(true, 1, 33, 1)]
    [InlineData(true, 1e-6f, 0, 0.5f)]
    [InlineData(false, 1, 0, 1)]
    public void Never_says_unknown_or_padding(bool sample, float temperature, int topK, float topP)
    {
        foreach (string token in (string[])[Vocabulary.Unknown, Vocabulary.Padding])
        {
            var options = new GenerationOptions { DoSample = sample, Temperature = temperature, TopK = topK, TopP = topP };
            GenerationStream stream = Run(Saying(token), options with { Seed = 3, MaxNewTokens = 50, TopNTokens = 1 });
            Assert.DoesNotContain(stream.Tokens, drawn => drawn.Token.Text is Vocabulary.Unknown or Vocabulary.Padding);
            Assert.All(stream.Tokens, drawn => Assert.Equal(token, Tiny.Letters[drawn.Alternatives[0].Id]));
            Assert.All(stream.Tokens, drawn => Assert.True(drawn.Token.LogProbability < -20));
        }
    }

    [Fact]
    public void The_prompt_is_read_in_chunks()
    {
        LanguageModel model = Saying("a");
        var stream = model.NewStream("abcdefghij", new GenerationOptions { MaxNewTokens = 2, DoSample = false });
        Assert.Equal(10, stream.PromptTokens);
        for (int step = 0; step < 4; step++)
        {
            Assert.Null(stream.Newest);
            Assert.Empty(stream.Tokens);
            model.Advance([stream], promptChunk: 3);
        }

        Assert.Equal("a", stream.Newest?.Token.Text);
        Assert.Empty(stream.Prompt);
        model.Advance([stream], promptChunk: 3);
        Assert.Equal("aa", stream.Text);
        Assert.Equal(
            "the generation has finished",
            Assert.Throws<InvalidOperationException>(() => model.Advance([stream])).Message);
    }

    [Fact]
    public void More_alternatives_than_tokens_are_all_of_them()
    {
        GenerationStream stream = Run(Saying("a"), new GenerationOptions { MaxNewTokens = 1, TopNTokens = 1000 });
        Assert.Equal(Tiny.Letters.Count, stream.Tokens[0].Alternatives.Count);
    }

    public static TheoryData<GenerationOptions, string> WrongOptions => new()
    {
        { new GenerationOptions { MaxNewTokens = -1 }, "max_new_tokens is -1; expected 0 or more" },
        { new GenerationOptions { Temperature = -0.5f }, "temperature is -0.5; expected 0 or more" },
        { new GenerationOptions { Temperature = float.NaN }, "temperature is NaN; expected 0 or more" },
        { new GenerationOptions { Temperature = float.PositiveInfinity }, "temperature is Infinity; expected 0 or more" },
        { new GenerationOptions { TopK = -1 }, "top_k is -1; expected 0 (off) or more" },
        { new GenerationOptions { TopP = 0 }, "top_p is 0; expected above 0, at most 1" },
        { new GenerationOptions { TopP = 1.5f }, "top_p is 1.5; expected above 0, at most 1" },
        { new GenerationOptions { TopP = float.NaN }, "top_p is NaN; expected above 0, at most 1" },
        { new GenerationOptions { RepetitionPenalty = 0 }, "repetition_penalty is 0; expected above 0" },
        { new GenerationOptions { RepetitionPenalty = float.PositiveInfinity }, "repetition_penalty is Infinity; expected above 0" },
        { new GenerationOptions { TypicalP = 0 }, "typical_p is 0; expected above 0, at most 1" },
        { new GenerationOptions { TypicalP = 1.01f }, "typical_p is 1.01; expected above 0, at most 1" },
        { new GenerationOptions { FrequencyPenalty = float.NaN }, "frequency_penalty is NaN; expected a finite number" },
        { new GenerationOptions { PresencePenalty = float.NegativeInfinity }, "presence_penalty is -Infinity; expected a finite number" },
        { Biased(3, float.NaN), "logit_bias of token 3 is NaN; expected a finite number" },
        { new GenerationOptions { TopNTokens = -1 }, "top_n_tokens is -1; expected 0 or more" },
        { new GenerationOptions { Stop = ["a", ""] }, "stop holds an empty string; expected a character or more in each" },
    };

    [Theory]
    [InlineData(-1)]
    [InlineData(33)]
    public void A_bias_of_a_token_that_there_is_not_is_refused(int id) => Assert.StartsWith(
        $"logit_bias has token {id}; expected 0 to 32",
        Assert.Throws<ArgumentException>(() => Saying("a").NewStream("a", Biased(id, 1))).Message,
        StringComparison.Ordinal);

    /// <summary>A token that is pushed takes over, one that is held down is never said, and neither brings back what stands for no text.</summary>
    [Fact]
    public void A_bias_moves_one_token()
    {
        LanguageModel model = Preferring(("a", 3), ("b", 2), ("c", 1));
        GenerationOptions options = new() { MaxNewTokens = 20, Seed = 5 };
        Assert.Equal(new string('c', 20), Run(model, options with { LogitBias = Biased(Tiny.Letters.IdOf("c"), 100).LogitBias }).Text);
        Assert.DoesNotContain('a', Run(model, options with { LogitBias = Biased(Tiny.Letters.IdOf("a"), -100).LogitBias }).Text);
        Assert.DoesNotContain(
            Run(model, options with { LogitBias = Biased(Tiny.Letters.UnknownId, 100).LogitBias }).Tokens, token => token.Token.Id == Tiny.Letters.UnknownId);
    }

    /// <summary>What was read does not count; what was said does, each time or once.</summary>
    [Theory]
    [InlineData(1.5f, 0, "abacba")]
    [InlineData(0, 2.5f, "abcaaa")]
    [InlineData(0, -9, "aaaaaa")]
    public void Frequency_counts_every_time_and_presence_the_first(float frequency, float presence, string text)
    {
        var options = new GenerationOptions { DoSample = false, FrequencyPenalty = frequency, PresencePenalty = presence, MaxNewTokens = 6 };
        Assert.Equal(text, Run(Preferring(("a", 4), ("b", 3), ("c", 2)), options, "aaaaab").Text);
    }

    [Theory]
    [MemberData(nameof(WrongOptions))]
    public void Options_out_of_their_bounds_are_refused_by_name(GenerationOptions options, string message)
    {
        Assert.Equal(message, Assert.Throws<ArgumentException>(options.Validate).Message);
        Assert.Equal(message, Assert.Throws<ArgumentException>(() => Saying("a").NewStream("a", options)).Message);
    }

    private static GenerationOptions Biased(int id, float bias) => new() { LogitBias = new Dictionary<int, float> { [id] = bias } };

    /// <summary>A model whose head has no weights and a bias that favours one token by far.</summary>
    private static LanguageModel Saying(string token) => Preferring((token, 30));

    private static LanguageModel Preferring(params (string Token, float Logit)[] tokens) => Tiny.Language(
        parameters: Parameters.From((name, shape) =>
        {
            float[] values = new float[shape.Aggregate((a, b) => a * b)];
            if (name != "head.bias") return values;
            foreach ((string token, float logit) in tokens) values[Tiny.Letters.IdOf(token)] = logit;
            return values;
        }));

    private static GenerationStream Run(LanguageModel model, GenerationOptions options, string prompt = "ab")
    {
        var stream = model.NewStream(prompt, options);
        while (stream.Finished is null) model.Advance([stream]);
        return stream;
    }
}
