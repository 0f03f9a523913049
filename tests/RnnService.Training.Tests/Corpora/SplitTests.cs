using RnnService.Audio.Music;
using RnnService.Training.Corpora;
using RnnService.Training.Objectives;
using RnnService.Training.Recipes;
using RnnService.Training.Tests.Runs;
using Xunit;

namespace RnnService.Training.Tests.Corpora;

public sealed class SplitTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private Recipe Recipe(string task, string content, string name, string format, params string[] overrides)
    {
        Recipe recipe = TinyRecipes.Write(_folder, task);
        string path = _folder.Write(name, content);
        return (recipe with { Data = recipe.Data with { Train = [new CorpusSource { Path = path, Format = format }], Valid = [] } }).With(overrides);
    }

    private Recipe Texts(IEnumerable<(string Label, string Text)> texts, params string[] overrides) =>
        Recipe("classifier", string.Concat(texts.Select(text => $"{text.Label}\t{text.Text}\n")), "all.tsv", "labelled", overrides);

    private static string[] Show(IEnumerable<LabelledText> examples) => [.. examples.Select(example => $"{example.Label} {example.Text}")];

    [Fact]
    public void A_tenth_of_every_label_is_split_off_and_at_least_one_where_there_are_two()
    {
        var texts = Enumerable.Range(0, 40).Select(i => ("many", $"text {i}")).Append(("few", "one x")).Append(("few", "two x")).Append(("one", "alone x"));
        var parts = Labelled(Texts(texts));
        Assert.Equal(["few", "many"], parts.Valid.Select(example => example.Label).Distinct().Order());
        Assert.Equal(4, parts.Valid.Count(example => example.Label == "many"));
        Assert.Equal(1, parts.Valid.Count(example => example.Label == "few"));
        Assert.Equal(["few", "many", "one"], parts.Train.Select(example => example.Label).Distinct().Order());
        Assert.Equal(0.1, parts.SplitShare);
        // Nothing is lost, and each part keeps the file's order.
        Assert.Equal(texts.Select(text => $"{text.Item1} {text.Item2}").Order(), Show([.. parts.Train, .. parts.Valid]).Order());
        Assert.Equal(parts.Train.OrderBy(example => example.Line), parts.Train);
    }

    [Fact]
    public void The_seed_draws_the_split_and_nothing_else_does()
    {
        (string, string)[] texts = [.. Enumerable.Range(0, 200).Select(i => ($"l{i % 3}", $"text {i}"))];
        string[] Valid(params string[] overrides) => Show(Labelled(Texts(texts, overrides)).Valid);
        Assert.Equal(Valid(), Valid("training.epochs=2", "training.batch_size=3"));
        Assert.NotEqual(Valid(), Valid("training.seed=2"));
        Assert.Equal(60, Valid("data.valid_share=0.3").Length);
    }

    [Fact]
    public void A_text_that_repeats_is_on_one_side()
    {
        var texts = Enumerable.Range(0, 60).Select(i => ($"l{i % 2}", $"text {i % 12}"));
        var parts = Labelled(Texts(texts));
        Assert.NotEmpty(parts.Valid);
        Assert.Empty(parts.Valid.Select(example => example.Text).Intersect(parts.Train.Select(example => example.Text)));
    }

    /// <summary>Each label is drawn for itself: the same places in two labels would be half a draw.</summary>
    [Fact]
    public void Labels_are_drawn_one_by_one()
    {
        var texts = Enumerable.Range(0, 400).Select(i => ($"l{i % 2}", $"text {i / 2} {i % 2}"));
        var valid = Labelled(Texts(texts)).Valid.ToLookup(example => example.Label, example => example.Text.Split(' ')[1]);
        Assert.Equal((20, 20), (valid["l0"].Count(), valid["l1"].Count()));
        Assert.InRange(valid["l0"].Intersect(valid["l1"]).Count(), 0, 8);
    }

    [Fact]
    public void A_label_with_one_text_many_times_is_on_both_sides()
    {
        var parts = Labelled(Texts(Enumerable.Range(0, 40).Select(i => i % 2 == 0 ? ("many", $"text {i}") : ("same", "the same"))));
        Assert.Equal((2, 2), (parts.Valid.Count(example => example.Label == "many"), parts.Valid.Count(example => example.Label == "same")));
    }

    /// <summary>A line's end is looked for near the share's place, and a text of long lines is split within one.</summary>
    [Fact]
    public void Text_is_split_near_its_share()
    {
        string text = new string('a', 930) + "\n" + new string('b', 69);
        var parts = RunningText(Recipe("language_model", text, "all.txt", "text"));
        Assert.Equal(text, parts.Train + parts.Valid);
        Assert.InRange(parts.Valid.Length, 80, 100);
    }

    [Fact]
    public void Sentences_are_split_whole_and_text_at_its_end()
    {
        var sentences = Tagged(Recipe("tagger", string.Concat(Enumerable.Range(0, 30).Select(i => $"w{i}\tA\nx\tB\n\n")), "all.conll", "conll"));
        Assert.Equal((27, 3), (sentences.Train.Length, sentences.Valid.Length));
        Assert.All(sentences.Valid, sentence => Assert.Equal(2, sentence.Words.Count));

        string text = string.Concat(Enumerable.Range(0, 100).Select(i => $"line {i:D3}\n"));
        var parts = RunningText(Recipe("language_model", text, "all.txt", "text"));
        Assert.Equal(text, parts.Train + parts.Valid);
        Assert.StartsWith("line 09", parts.Valid, StringComparison.Ordinal);
        string pairs = string.Concat(Enumerable.Repeat("😀", 55)); // no line ends, and no half of a character
        parts = RunningText(Recipe("language_model", pairs, "all.txt", "text"));
        Assert.Equal(pairs, parts.Train + parts.Valid);
        Assert.Equal(0, parts.Train.Length % 2);
    }

    /// <summary>Tunes, each with steps of its own from note to note, which no other key changes.</summary>
    private static string Tunes(int count) => string.Concat(Enumerable.Range(0, count).Select(i =>
        $"X:1\nM:2/4\nL:1/8\nK:D\nD{"EFGA"[i % 4]}{"EFGA"[i / 4 % 4]}{"EFGA"[i / 16 % 4]}|D4|]\n\n"));

    private static string Steps(string tune)
    {
        int[] pitches = [.. AbcTune.Parse(tune).Bars.SelectMany(bar => bar.Notes).Select(note => note.Pitches[0])];
        return string.Join(' ', pitches.Skip(1).Zip(pitches, (next, before) => next - before));
    }

    [Theory]
    [InlineData(2, 0.1)]
    [InlineData(30, 0.1)]
    [InlineData(60, 0.34)]
    public void No_tune_is_learnt_from_in_another_key_that_chooses_the_weights(int count, double share)
    {
        Recipe recipe = Recipe("language_model", Tunes(count), "a.abc", "abc", FormattableString.Invariant($"data.valid_share={share}"));
        Recipe grown = recipe with { Data = recipe.Data with { Train = [recipe.Data.Train[0] with { Keys = 3 }] } };
        CorpusParts<string> alone = RunningText(recipe), parts = RunningText(grown);
        Assert.Equal(Tunes(count), alone.Train + alone.Valid);
        Assert.Equal((AbcBook.WithKeys(alone.Train, 3), alone.Valid), (parts.Train, parts.Valid));
        string[] train = [.. Pieces(parts.Train).Select(Steps)], valid = [.. Pieces(parts.Valid).Select(Steps)];
        Assert.NotEmpty(valid);
        Assert.Empty(valid.Intersect(train));
        Assert.Equal(4 * (count - valid.Length), train.Length);

        static string[] Pieces(string text) => text.Split(AbcBook.Between, StringSplitOptions.RemoveEmptyEntries);
    }

    [Fact]
    public void Where_other_tunes_choose_the_weights_all_are_learnt_from_in_every_key()
    {
        Recipe recipe = Recipe("language_model", Tunes(9), "a.abc", "abc");
        CorpusSource train = recipe.Data.Train[0] with { Keys = 2 };
        string valid = _folder.Write("b.abc", "X:1\nM:2/4\nK:C\nc4|\n");
        CorpusParts<string> parts = RunningText(recipe with { Data = recipe.Data with { Train = [train], Valid = [train with { Path = valid, Keys = null }] } });
        Assert.Equal((Corpus.ReadText(train), "X:1\nM:2/4\nL:1/16\nK:C\nc4|\n\n"), (parts.Train, parts.Valid));
        Assert.Equal(27, parts.Train.Split("X:1").Length - 1);
        Assert.StartsWith(Tunes(9), parts.Train, StringComparison.Ordinal);
    }

    [Fact]
    public void One_tune_is_not_split()
    {
        CorpusParts<string> parts = RunningText(Recipe("language_model", Tunes(1), "a.abc", "abc"));
        Assert.Equal((Tunes(1), ""), (parts.Train, parts.Valid));
    }

    [Fact]
    public void Sentences_are_split_off_and_none_of_their_phrases_is_learnt_from()
    {
        string trees = string.Concat(Enumerable.Range(0, 40).Select(i => i % 8 == 7
            ? "(3 (3 fine) (2 film))\n" // it repeats, and is a phrase of others
            : $"({(i % 2 == 0 ? 4 : 0)} (2 It) (4 (2 is) (4 ({(i % 2 == 0 ? "3" : "1")} no{i}) (3 (3 fine) (2 film)))))\n"));
        Recipe recipe = Recipe("classifier", trees, "a.trees.txt", "sst-trees", "data.valid_share=0.3");
        CorpusParts<LabelledText[]> whole = Labelled(recipe);
        CorpusParts<LabelledText[]> parts = Labelled(recipe with { Data = recipe.Data with { Train = [recipe.Data.Train[0] with { Phrases = true }] } });
        Assert.Equal(whole.Valid, parts.Valid);
        Assert.Empty(whole.Train.Except(parts.Train));
        Assert.InRange(parts.Train.Length, 2 * whole.Train.Length, int.MaxValue);
        Assert.Empty(parts.Valid.Select(example => example.Line).Intersect(parts.Train.Select(example => example.Line)));
        Assert.Empty(parts.Valid.Select(example => example.Text).Intersect(parts.Train.Select(example => example.Text)));
    }

    [Fact]
    public void Every_tag_stays_in_training()
    {
        for (int rare = 0; rare < 20; rare++)
        {
            var parts = Tagged(
                Recipe("tagger", string.Concat(Enumerable.Range(0, 20).Select(i => $"w{i}\tA\nx\t{(i == rare ? "RARE" : "B")}\n\n")), "all.conll", "conll"));
            Assert.Contains(parts.Train, sentence => sentence.Tags.Contains("RARE"));
            Assert.NotEmpty(parts.Valid);
        }
    }

    [Fact]
    public void What_cannot_be_split_is_refused() => Assert.Contains(
        "2 examples, no two of which share their labels, and no validation corpus",
        Assert.Throws<CorpusException>(() => Labelled(Texts([("a", "x"), ("b", "y")]))).Message,
        StringComparison.Ordinal);

    [Fact]
    public void Either_a_share_or_corpora() => Assert.Contains(
        "data.valid and data.valid_share are both given",
        Assert.Throws<RecipeException>(() => TinyRecipes.Write(_folder, "classifier", "data.valid_share=0.2")).Message,
        StringComparison.Ordinal);

    private static CorpusParts<LabelledText[]> Labelled(Recipe recipe) => CorpusParts.Split(recipe, RunCorpora.ReadLabelled(recipe.Data));

    private static CorpusParts<TaggedSentence[]> Tagged(Recipe recipe) => CorpusParts.Split(recipe, RunCorpora.ReadTagged(recipe.Data, []));

    private static CorpusParts<string> RunningText(Recipe recipe) => CorpusParts.Split(recipe, RunCorpora.ReadText(recipe.Data));
}
