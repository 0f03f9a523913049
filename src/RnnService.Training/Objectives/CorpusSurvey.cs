using System.Globalization;
using RnnService.Engine.Models;
using RnnService.Engine.Text;
using RnnService.Training.Corpora;
using RnnService.Training.Recipes;

namespace RnnService.Training.Objectives;

/// <summary>Looks through what was read before a training starts: counts it, and says what is odd. One pass over texts and tokens.</summary>
internal static class CorpusSurvey
{
    private const int FewTexts = 4, FewValidTexts = 20, ManyTags = 200;
    private const double Nearly = 0.95, Many = 0.5;

    /// <summary>Of a classifier.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="parts">The texts.</param>
    /// <param name="train">Their tokens' ids, not cut yet.</param>
    /// <param name="valid">Those of the validation texts.</param>
    /// <param name="vocabulary">The vocabulary.</param>
    public static CorpusReport OfTexts(
        Recipe recipe, CorpusParts<LabelledText[]> parts, IReadOnlyList<int[]> train, IReadOnlyList<int[]> valid, Vocabulary vocabulary)
    {
        List<CorpusNote> notes = parts.Notes;
        CorpusPart trained = Part(train, Labels(parts.Train));
        NoteTexts(parts.Train, trained.Labels, notes);
        int most = recipe.Data.MaxTokens;
        int cut = most == 0 ? 0 : train.Count(text => text.Length > most);
        if (cut > 0)
        {
            notes.Add(new CorpusNote(
                $"{cut} of {train.Count} texts are longer than data.max_tokens ({most}) and are cut", new CorpusSetting("data.max_tokens", "0")));
        }

        if (train.Count(text => text.Length == 0) is > 0 and var none) notes.Add(new CorpusNote($"{none} of {train.Count} texts have no token"));
        bool alone = recipe.Model.Tokenizer is Tokenization.Whitespace or Tokenization.English && train.Count >= FewTexts
            && train.Zip(parts.Train).Count(pair => pair.First.Length <= 1 && pair.Second.Text.Trim().Length > 1) >= Nearly * train.Count;
        if (alone)
        {
            notes.Add(new CorpusNote(
                "(nearly) every text is one token: words that no spaces separate, or single words", new CorpusSetting("model.tokenizer", "characters")));
        }
        else
        {
            NoteScript(recipe.Model, parts.Train.Select(example => example.Text), notes);
        }

        return Report(
            recipe, "texts", parts.SplitShare, trained, Part(valid, Labels(parts.Valid)),
            valid.Sum(ids => Unknown(ids, vocabulary)), vocabulary,
            Overlap(parts.Train.Select(example => example.Text), parts.Valid.Select(example => example.Text)), notes, adviseCharacters: !alone);

        IEnumerable<string> Labels(LabelledText[] examples) => examples.SelectMany(example => example.LabelsFor(recipe.Model));
    }

    /// <summary>Of a tagger.</summary>
    public static CorpusReport OfSentences(Recipe recipe, CorpusParts<TaggedSentence[]> parts, IReadOnlyList<int[]> valid, Vocabulary vocabulary)
    {
        List<CorpusNote> notes = parts.Notes;
        CorpusPart trained = Part(Lengths(parts.Train), parts.Train.SelectMany(sentence => sentence.Tags));
        if (trained.Labels.Count > ManyTags && trained.Labels.Count > 0.05 * trained.Tokens)
        {
            notes.Add(new CorpusNote(
                $"{trained.Labels.Count} tags for {trained.Tokens} words; is the tag in another column", new CorpusSetting("tag_column", "COLUMN")));
        }

        if (parts.Train.Length > FewTexts && parts.Train.All(sentence => sentence.Words.Count == 1))
            notes.Add(new CorpusNote("every sentence is one word: expected an empty line after a sentence, not after a word"));
        else if (parts.Train is [{ Words.Count: > 1000 } only])
            notes.Add(new CorpusNote($"all {only.Words.Count} words are one sentence: expected an empty line after every sentence"));
        NoteAlike(trained.Labels, notes);
        NoteScript(recipe.Model, parts.Train.Select(sentence => string.Join(' ', sentence.Words)), notes);
        return Report(
            recipe, "sentences", parts.SplitShare, trained, Part(Lengths(parts.Valid), parts.Valid.SelectMany(sentence => sentence.Tags)),
            valid.Sum(ids => Unknown(ids, vocabulary)), vocabulary,
            Overlap(
                parts.Train.Select(sentence => string.Join('\t', sentence.Words)), parts.Valid.Select(sentence => string.Join('\t', sentence.Words))),
            notes, adviseCharacters: false);

        static IEnumerable<int> Lengths(TaggedSentence[] sentences) => sentences.Select(sentence => sentence.Words.Count);
    }

    /// <summary>Of a translator: lengths are those of the sources.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="parts">The pairs.</param>
    /// <param name="sources">The tokens' ids of the training sources.</param>
    /// <param name="targets">Those of their targets.</param>
    /// <param name="valid">Those of the validation sources.</param>
    /// <param name="vocabulary">The vocabulary of the sources.</param>
    /// <param name="left">How many training pairs are longer than the recipe allows.</param>
    public static CorpusReport OfPairs(
        Recipe recipe, CorpusParts<TextPair[]> parts, IReadOnlyList<int[]> sources, IReadOnlyList<int[]> targets, IReadOnlyList<int[]> valid,
        Vocabulary vocabulary, int left)
    {
        if (left > 0)
        {
            parts.Notes.Add(new CorpusNote(
                $"{left} of {sources.Count} pairs have a side longer than data.max_tokens ({recipe.Data.MaxTokens}) and are left out",
                new CorpusSetting("data.max_tokens", "0")));
        }

        PairSurvey.AddNotes(parts.Train, sources, targets, parts.Notes);
        NoteScript(recipe.Model, parts.Train.Select(pair => pair.Source), parts.Notes);
        return Report(
            recipe, "pairs", parts.SplitShare, Part(sources, []), Part(valid, []), valid.Sum(ids => Unknown(ids, vocabulary)), vocabulary,
            Overlap(parts.Train.Select(pair => $"{pair.Source}\t{pair.Target}"), parts.Valid.Select(pair => $"{pair.Source}\t{pair.Target}")),
            parts.Notes, adviseCharacters: false) with
        {
            TargetTokens = targets.Sum(ids => (long)ids.Length),
        };
    }

    /// <summary>Of a language model.</summary>
    public static CorpusReport OfText(Recipe recipe, CorpusParts<string> parts, int[] train, int[] valid, Vocabulary vocabulary)
    {
        foreach (CorpusSource source in recipe.Data.Train.Concat(recipe.Data.Valid))
        {
            string end = Path.GetExtension(source.Path).ToLowerInvariant(), guess = CorpusFormat.Guess(source.Path, ModelTask.LanguageModel);
            if (source.Format != CorpusFormat.Text || (guess == CorpusFormat.Text && end is not (".html" or ".xml"))) continue;
            CorpusSetting[] others = guess == CorpusFormat.Text ? [] : [new CorpusSetting("format", guess)];
            parts.Notes.Add(new CorpusNote($"{source.Path}: read as running text, marks of its {end[1..].ToUpperInvariant()} included", others));
        }

        NoteScript(recipe.Model, parts.Train.Split('\n'), parts.Notes);
        if (parts.SplitShare is null && parts.Train.Contains(parts.Valid, StringComparison.Ordinal))
            parts.Notes.Add(new CorpusNote("the validation text stands in the training text: the validation figure says little of new text"));
        return Report(
            recipe, "lines", parts.SplitShare, new CorpusPart { Texts = Lines(parts.Train), Tokens = train.Length },
            new CorpusPart { Texts = Lines(parts.Valid), Tokens = valid.Length }, Unknown(valid, vocabulary), vocabulary,
            Overlap(Sentences(parts.Train), Sentences(parts.Valid)), parts.Notes, adviseCharacters: true);

        static long Lines(string text) => text.AsSpan().Count('\n') + (text.EndsWith('\n') ? 0 : 1);

        // Short lines, names and empty ones repeat in any text.
        static IEnumerable<string> Sentences(string text) => text.Split('\n').Where(line => line.Length >= 40);
    }

    private static CorpusReport Report(
        Recipe recipe, string unit, double? split, CorpusPart train, CorpusPart valid, long unknown, Vocabulary vocabulary, long overlap,
        List<CorpusNote> notes, bool adviseCharacters)
    {
        if (valid.Tokens > 0 && unknown > Many * valid.Tokens)
        {
            bool characters = adviseCharacters && recipe.Model.Tokenizer != Tokenization.Characters;
            string sentence = string.Create(CultureInfo.InvariantCulture, $"{unknown} of {valid.Tokens} validation tokens are not in the vocabulary");
            notes.Add(characters ? new CorpusNote(sentence, new CorpusSetting("model.tokenizer", "characters")) : new CorpusNote(sentence));
        }

        if (unit != "lines" && valid.Texts is > 0 and < FewValidTexts)
            notes.Add(new CorpusNote($"the validation part has {valid.Texts} {unit} alone: its figure is a rough one"));

        if (unit != "lines" && overlap > Many * valid.Texts)
        {
            notes.Add(new CorpusNote(
                $"{overlap} of {valid.Texts} validation {unit} are training {unit} too: the validation figure says little of new ones"));
        }

        return new CorpusReport
        {
            Unit = unit,
            Train = train,
            Valid = valid,
            SplitShare = split,
            Vocabulary = vocabulary.Count,
            UnknownTokens = unknown,
            Overlap = overlap,
            Notes = [.. notes.DistinctBy(note => note.ToString())], // one file may be read twice
        };
    }

    private static void NoteTexts(LabelledText[] train, IReadOnlyList<KeyValuePair<string, int>> labels, List<CorpusNote> notes)
    {
        string[] single = [.. labels.Where(label => label.Value == 1).Select(label => Listing.Quote(label.Key))];
        if (single.Length > 0)
        {
            notes.Add(new CorpusNote(
                $"{single.Length} {(single.Length == 1 ? "label has" : "labels have")} one training text alone: {Listing.Of(single)}"));
        }

        NoteAlike(labels, notes);
        NoteSameNumbers(labels, notes);
        if (train.Length < FewTexts) return;
        if (train.Count(example => IsNumber(example.Text)) is var numbers && numbers >= Nearly * train.Length)
            notes.Add(new CorpusNote($"{numbers} of {train.Length} texts are numbers; is the text in another column", new CorpusSetting("text_column", "COLUMN")));

        var labelOf = new Dictionary<string, string>(train.Length, StringComparer.Ordinal);
        int repeated = 0, contrary = 0;
        LabelledText? first = null;
        foreach (LabelledText example in train)
        {
            if (labelOf.TryAdd(example.Text, example.Label)) continue;
            repeated++;
            if (labelOf[example.Text] == example.Label) continue;
            contrary++;
            first ??= example;
        }

        if (repeated > 0.05 * train.Length) notes.Add(new CorpusNote($"{repeated} of {train.Length} training texts repeat an earlier one"));
        if (first is not null)
        {
            notes.Add(new CorpusNote(
                $"{contrary} training {(contrary == 1 ? "text has" : "texts have")} another label where they stand again, first {first.Place}: "
                + $"{Listing.Quote(first.Label)} here, {Listing.Quote(labelOf[first.Text])} before"));
        }
    }

    /// <summary>Notes text in a script without spaces, where the recipe splits at words.</summary>
    private static void NoteScript(ModelConfig model, IEnumerable<string> texts, List<CorpusNote> notes)
    {
        const int enough = 10_000;
        if (model.Tokenizer is Tokenization.Characters or Tokenization.Subwords) return;
        if (UnspacedScript.Unsplit(texts.Take(enough), model.Tokenizer == Tokenization.Whitespace) is { } script)
        {
            notes.Add(new CorpusNote(
                $"much of the text is {script}, which is written without spaces: a model of words cannot split it",
                new CorpusSetting("model.tokenizer", "characters")));
        }
    }

    private static void NoteAlike(IReadOnlyList<KeyValuePair<string, int>> labels, List<CorpusNote> notes)
    {
        var alike = labels.GroupBy(label => string.Concat(label.Key.Where(char.IsLetterOrDigit)).ToLowerInvariant())
            .Where(group => group.Key.Length > 0 && group.Count() > 1
                && group.Select(label => label.Key.Trim().ToLowerInvariant()).Distinct().Count() == 1).ToArray();
        if (alike.Length > 0)
        {
            notes.Add(new CorpusNote(
                "labels that differ in case or spaces alone are labels of their own: "
                + Listing.Of([.. alike.Select(group => string.Join(" and ", group.Select(label => Listing.Quote(label.Key))))])));
        }
    }

    /// <summary>Labels that are one number written twice, as where an empty cell made decimals of whole numbers.</summary>
    private static void NoteSameNumbers(IReadOnlyList<KeyValuePair<string, int>> labels, List<CorpusNote> notes)
    {
        var same = labels.Where(label => IsNumber(label.Key)).GroupBy(label => double.Parse(label.Key, NumberStyles.Float, CultureInfo.InvariantCulture))
            .Where(group => group.Count() > 1).ToArray();
        if (same.Length == 0) return;
        notes.Add(new CorpusNote(
            "labels that are the same number are labels of their own: "
            + Listing.Of([.. same.Select(group => string.Join(" and ", group.Select(label => Listing.Quote(label.Key))))])));
    }

    private static bool IsNumber(string text) => double.TryParse(text.Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out _);

    private static CorpusPart Part(IReadOnlyList<int[]> texts, IEnumerable<string> labels) => Part(texts.Select(text => text.Length), labels);

    private static CorpusPart Part(IEnumerable<int> tokens, IEnumerable<string> labels)
    {
        int[] lengths = [.. tokens.Order()];
        return new CorpusPart
        {
            Texts = lengths.Length,
            Tokens = lengths.Sum(length => (long)length),
            Lengths = (lengths[(lengths.Length - 1) / 2], lengths[(int)(0.95 * (lengths.Length - 1))], lengths[^1]),
            Labels = [.. labels.CountBy(label => label).OrderByDescending(label => label.Value).ThenBy(label => label.Key, StringComparer.Ordinal)],
        };
    }

    private static long Unknown(int[] ids, Vocabulary vocabulary) => ids.Count(id => id == vocabulary.UnknownId);

    private static long Overlap(IEnumerable<string> train, IEnumerable<string> valid)
    {
        var known = train.ToHashSet(StringComparer.Ordinal);
        return valid.Count(known.Contains);
    }
}
