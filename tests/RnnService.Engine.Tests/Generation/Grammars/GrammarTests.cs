using System.Text.RegularExpressions;
using CsCheck;
using RnnService.Engine.Generation;
using RnnService.Engine.Generation.Grammars;
using RnnService.Engine.Models;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;
using Xunit;

namespace RnnService.Engine.Tests.Generation.Grammars;

/// <summary>Every text that ends is one of the grammar, as .NET's own expressions judge it, and every text of the grammar can be written.</summary>
public sealed class GrammarTests
{
    private static readonly LanguageModel Letters = Tiny.Language(), Subwords = Tiny.Subwords();

    private static readonly LanguageModel Words = (LanguageModel)TextModel.Create(
        Letters.Config with { Tokenizer = Tokenization.Whitespace }, new ModelVocabulary(Tiny.Words), Parameters.Random(4));

    /// <summary>Expressions over a few letters, such as <c>(?:a|[^b-d]{0,2}\.)+</c>.</summary>
    private static readonly Gen<string> Patterns = Gen.Recursive<string>((depth, smaller) => depth > 3
        ? Of("a", "b", "ab", ".", "[a-c]", "[^a-y]", "[a-z0-9_]", "[ \n]", @"\.", "é", "[é-ö!]")
        : Gen.Frequency(
            (3, Of("a", "b", "cat", ".", "[a-c]", "[^b-d]", "[^ ]", "[^0-9]", " ", "日", "[^é]")),
            (2, smaller.Array[2, 3].Select(parts => string.Concat(parts))),
            (2, smaller.Array[2, 3].Select(parts => $"(?:{string.Join('|', parts)})")),
            (1, smaller.Select(part => $"({part})*")),
            (1, smaller.Select(part => $"({part})+?")),
            (1, smaller.Select(part => $"({part})?")),
            (1, smaller.Select(Of("{2}", "{0,2}", "{1,}"), (part, bounds) => $"({part}){bounds}"))));

    [Fact]
    public void An_automaton_accepts_what_the_expression_matches()
    {
        Gen<string> texts = Of("a", "b", "c", "t", " ", ".", "é", "ö", "z", "日", "\n", "!").Array[0, 8].Select(string.Concat);
        Patterns.Select(texts.Array[20]).Sample((pattern, samples) =>
        {
            if (Compiled(pattern) is not { } grammar) return;
            foreach (string text in samples) Assert.Equal(Matches(pattern, text), Accepts(grammar, text));
        });
    }

    [Theory]
    [InlineData(@"\w+")]
    [InlineData(@"\W\d")]
    [InlineData(@"[\s\w]\D")]
    [InlineData(@"\S\s")]
    [InlineData(@"\x41[\u0041-\u0043]")]
    public void Classes_are_those_of_ASCII(string pattern)
    {
        string[] characters = [.. Enumerable.Range(0, 0x130).Select(value => $"{(char)value}")];
        Grammar grammar = Grammar.Regex(pattern);
        foreach (string text in characters.SelectMany(one => (string[])[one, one + "3", "A" + one]))
            Assert.Equal(Regex.IsMatch(text, $@"\A(?:{pattern})\z", RegexOptions.ECMAScript), Accepts(grammar, text));
    }

    [Fact]
    public void Texts_match_and_are_cut_by_their_length_alone()
    {
        Patterns.Select(Gen.ULong[0, 1000], Gen.Int[0, 2], Gen.OneOf(Gen.Const(0f), Gen.Const(1f), Gen.Const(3f))).Sample((pattern, seed, kind, temperature) =>
        {
            LanguageModel model = kind == 0 ? Letters : kind == 1 ? Subwords : Words;
            if (Compiled(pattern) is not { } grammar) return;
            GenerationStream stream;
            try
            {
                stream = model.NewStream("the", new GenerationOptions { Grammar = grammar, Seed = seed, MaxNewTokens = 40, Temperature = temperature });
            }
            catch (GrammarException error)
            {
                Assert.StartsWith("the grammar matches no text of this model's ", error.Message);
                Assert.NotSame(Subwords, model);
                return;
            }

            Run(model, stream);
            string text = model == Words ? stream.Text.TrimStart(' ').TrimEnd('\n') : stream.Text;
            if (stream.Finished == FinishReason.EndOfText) Assert.True(Matches(pattern, text), $"{pattern}: {text}");
            else Assert.Equal((FinishReason.Length, 40), (stream.Finished!.Value, stream.Tokens.Count));
            Assert.Equal(stream.Text, string.Concat(stream.Tokens.Select(token => token.Text)));
        }, iter: 300);
    }

    [Fact]
    public void Each_of_some_choices_is_written_sooner_or_later_and_nothing_else()
    {
        string[] choices = ["cat", "ca", "dog.", "a dog ran"];
        foreach (LanguageModel model in (LanguageModel[])[Letters, Subwords])
        {
            HashSet<string> written = [.. Enumerable.Range(0, 300).Select(seed => model.Complete(
                "the ", new GenerationOptions { Grammar = Grammar.Choices(choices), Seed = (ulong)seed, Temperature = 4 }))];
            Assert.Equal(choices.Order(), written.Order());
        }

        Assert.Equal("the dog", Words.Complete("a", new GenerationOptions { Grammar = Grammar.Choices(["the dog", "house"]), Seed = 1 }).Trim());
    }

    [Fact]
    public void Without_a_grammar_and_with_one_that_allows_all_the_bits_are_the_same()
    {
        var options = new GenerationOptions { Seed = 5, MaxNewTokens = 30, TopNTokens = 2, TopK = 7 };
        GenerationStream free = Run(Letters, Letters.NewStream("a", options));
        GenerationStream held = Run(Letters, Letters.NewStream("a", options with { Grammar = Grammar.Regex(@"[\s\S]*") }));
        Assert.Equal(free.Tokens.Select(token => token.Token), held.Tokens.Select(token => token.Token));
    }

    [Fact]
    public void Pieces_that_go_on_from_bytes_are_the_whole_text()
    {
        Gen.Select(Gen.ULong[0, 100], Gen.Int[1, 5].Array[12], Gen.Bool).Sample((seed, lengths, bytes) =>
        {
            LanguageModel model = bytes ? Subwords : Letters;
            var options = new GenerationOptions { Seed = seed, Grammar = Grammar.Regex("([a-z]{3} ){4,9}(dog|cat)?[.!]"), MaxNewTokens = 80 };
            GenerationStream whole = Run(model, model.NewStream("a", options)), piece = Run(model, model.NewStream("a", options with { MaxNewTokens = lengths[0] }));
            string text = piece.Text;
            for (int i = 1; piece.Finished == FinishReason.Length && i < 80; i++)
            {
                piece = Run(model, model.NewStream("", options with { MaxNewTokens = lengths[i % 12] }, model.ReadState(piece.SaveState().ToBytes())));
                text += piece.Text;
            }

            Assert.Equal((whole.Text, whole.Finished), (text, piece.Finished));
            Assert.Matches("^([a-z]{3} ){4,9}(dog|cat)?[.!]$", text);
            Assert.Equal(whole.SaveState().ToBytes(), piece.SaveState().ToBytes());
        }, iter: 30);
    }

    [Theory]
    [InlineData("(a", "character 3 of the regular expression has no ) at its end; expected one")]
    [InlineData("a)", "character 2 of the regular expression is a closing bracket that nothing opened; expected \\) for the character")]
    [InlineData("(?=a)b", "character 1 of the regular expression is a special group, such as a look-around or a named one; expected ( or (?:")]
    [InlineData(@"(a)\1", @"character 4 of the regular expression is \1, a back-reference; expected one of \d \w \s \D \W \S \n \t \r \f \v \xHH \uHHHH, or \ before a mark")]
    [InlineData(@"\bat", @"character 1 of the regular expression is \b, a word boundary; expected one of \d \w \s \D \W \S \n \t \r \f \v \xHH \uHHHH, or \ before a mark")]
    [InlineData("a{2,1}", "character 2 of the regular expression repeats 2 to 1 times; expected the smaller number first")]
    [InlineData("[z-a]", "character 1 of the regular expression is no range of characters; expected the smaller one first")]
    [InlineData("*", "character 1 of the regular expression is a * after nothing to repeat; expected \\* for the character")]
    [InlineData("a^b", "character 2 of the regular expression is a ^ inside the expression, which is matched as a whole; expected \\^ for the character")]
    [InlineData("ab**", "character 4 of the regular expression is a * after a repetition; expected a group around what is repeated again, or \\* for the character")]
    [InlineData("a{2}{3}", "character 5 of the regular expression is a { after a repetition; expected a group around what is repeated again, or \\{ for the character")]
    [InlineData("a+??", "character 4 of the regular expression is a ? after a repetition; expected a group around what is repeated again, or \\? for the character")]
    [InlineData("a*+", "character 3 of the regular expression is a possessive repetition; expected none")]
    [InlineData("[^\\s\\S]", "the grammar matches no text; expected one that matches some")]
    public void What_cannot_be_done_is_refused_in_a_sentence(string pattern, string expected) =>
        Assert.Equal(expected, Assert.Throws<GrammarException>(() => Grammar.Regex(pattern)).Message);

    /// <summary>Patterns that take a naive automaton forever, or all memory.</summary>
    [Theory]
    [InlineData("(a|b)*a(a|b){40}")]
    [InlineData("((a{1,1000}){1,1000}){1,1000}")]
    [InlineData("(((.{0,999}a){0,99}b){0,99}c){0,99}")]
    [InlineData("(.*a){60}(.*b){60}.{300}")]
    public void Hostile_patterns_are_refused_in_bounded_memory(string pattern)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.StartsWith("the grammar is too large", Assert.Throws<GrammarException>(() => Grammar.Regex(pattern)).Message);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 400 << 20);
    }

    /// <summary>Every mark and many pairs of them as often as there is room, inside groups and classes too.</summary>
    [Fact]
    public void Patterns_of_full_length_neither_overflow_the_stack_nor_the_memory()
    {
        string[] parts =
        [
            "*", "+", "?", "*?", "{2}", "{0,}", "{1,1}", "{0,1000}?", "|", "a|", "|*", "(", ")", "()", "()*", "(?:", "(|", "(a)*", "[", "]", "[a]", "[^a]", "[]", "[^", "a-", "a-z",
            "-", "\\", "\\W", "\\d", "\\u", ".", ".*", ".?", ".{1000}", "^", "$", "a", "a?", "é", "日-", "\uD800", "\uDC00", "😀", ",", "{", "}", "{,", "\0",
        ];
        string[] patterns =
        [
            .. parts.SelectMany(part => (string[])[Full("", part, ""), Full("a", part, ""), Full("(", part, "){1000}"), Full("[", part, "]"), Full("[^", part, "]{1000}")]),
            .. from part in (string[])["", "a", "()", "[ab]", "|"] from after in (string[])["", "*", "+", "?", "{1000}", "{1000,}", "{0,1000}"] select Nested(part, after),
            Full("((", "()", "){1000}){1000}"), Full("(((", "|", "){1000}){1000}){1000}"), Full("([", "ab", "]{1000}){90}"), Full("([", "\\W", "]{1000}){90}"),
        ];
        foreach (string pattern in patterns)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                Assert.NotNull(Grammar.Regex(pattern));
            }
            catch (GrammarException error)
            {
                Assert.Matches("^(character [0-9]+ of the regular expression .+; expected .+|the grammar (is too large|matches no text).*; expected .+)$", error.Message);
            }

            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 400 << 20);
        }

        static string Full(string head, string part, string tail) =>
            head + string.Concat(Enumerable.Repeat(part, (Grammar.MostCharacters - head.Length - tail.Length) / part.Length)) + tail;

        static string Nested(string part, string after) => new string('(', 99) + part + string.Concat(Enumerable.Repeat(")" + after, 99));
    }

    [Fact]
    public void Choices_are_equal_where_they_are_the_same_in_the_same_order()
    {
        Gen<string[]> choices = Of("a", "\0", ":", "1").Array[1, 3].Select(string.Concat).Array[1, 3];
        Gen.Select(choices, choices).Sample((some, others) =>
            Assert.Equal(some.SequenceEqual(others), Grammar.Choices(some).Equals(Grammar.Choices(others))), iter: 10_000);
        Grammar first = Grammar.Choices(["a\0", "b"]), second = Grammar.Choices(["a", "\0b"]);
        Assert.NotEqual(first, second);
        Assert.NotEqual(first.Key, second.Key);
        Assert.Equal((true, false), (Accepts(first, "a\0"), Accepts(second, "a\0")));
    }

    [Fact]
    public void A_state_is_looked_into_once_even_where_no_more_are_remembered()
    {
        var automaton = new CountingAutomaton();
        var grammar = new Grammar(nameof(CountingAutomaton), automaton);
        TokenMasks masks = GrammarCache.Get(grammar, Subwords.Tokenizer);
        for (int state = 0; state < 10_000; state++) masks.Of(1_000_000 + state);
        automaton.Looks = 0;
        masks.Of(1_009_999);
        masks.Of(1_009_999);
        Assert.Equal(2, automaton.Looks); // the last are not remembered
        automaton.Looks = 0;
        GenerationStream stream = Run(Subwords, Subwords.NewStream("the", new GenerationOptions { Grammar = grammar, Seed = 3, MaxNewTokens = 20 }));
        Assert.Equal(20, stream.Tokens.Count);
        Assert.Equal(20, automaton.Looks); // after each token; what comes before the first is remembered
    }

    [Fact]
    public void Deep_and_long_patterns_are_refused()
    {
        Assert.Contains("more than 100 groups", Assert.Throws<GrammarException>(() => Grammar.Regex(new string('(', 5000))).Message, StringComparison.Ordinal);
        Assert.Throws<GrammarException>(() => Grammar.Regex(new string('a', Grammar.MostCharacters + 1)));
        Assert.Throws<GrammarException>(() => Grammar.Choices([]));
        Assert.Throws<GrammarException>(() => Grammar.Choices(["a", ""]));
        Assert.NotEqual(Grammar.Choices(["a\0b"]), Grammar.Choices(["a", "b"]));
        Assert.Equal(Grammar.Regex("a+"), Grammar.Regex("a+"));
    }

    private static Grammar? Compiled(string pattern)
    {
        try
        {
            return Grammar.Regex(pattern);
        }
        catch (GrammarException error)
        {
            Assert.Matches("^the grammar (is too large|matches no text)", error.Message);
            return null;
        }
    }

    private static bool Accepts(Grammar grammar, string text)
    {
        long state = grammar.Automaton.Start;
        foreach (byte value in ByteAlphabet.Utf8(text))
        {
            state = grammar.Automaton.Next(state, value);
            if (state == Automaton.Dead) return false;
        }

        return grammar.Automaton.Accepts(state);
    }

    // A character beyond U+FFFF is one here and two there: the tests have none.
    private static bool Matches(string pattern, string text) => text.Any(char.IsSurrogate) || Regex.IsMatch(text, $@"\A(?:{pattern})\z", RegexOptions.NonBacktracking);

    private static GenerationStream Run(LanguageModel model, GenerationStream stream)
    {
        GenerationBatch batch = model.NewBatch();
        while (stream.Finished is null)
        {
            batch.Advance([stream]);
            if (stream.Failure is { } failure) throw failure;
        }

        return stream;
    }

    /// <summary>Texts without byte 255, a state for each number of bytes. It notices whenever all that may follow is looked for, and so that byte.</summary>
    private sealed class CountingAutomaton : Automaton
    {
        public int Looks { get; set; }

        public override long Start => 0;

        public override long Bytes => 0;

        public override long Next(long state, byte value)
        {
            if (value < 255) return state + 1;
            Looks++;
            return Dead;
        }

        public override bool Accepts(long state) => false;

        public override bool Has(long state) => state >= 0;
    }

    private static Gen<string> Of(params string[] parts) => Gen.Int[0, parts.Length - 1].Select(at => parts[at]);
}
