using RnnService.Engine.Weights;
using RnnService.Training.Corpora;
using RnnService.Training.Recipes;

namespace RnnService.Training.Objectives;

/// <summary>What is trained on and what chooses the best weights: corpora of its own, or a part split off from the others by the seed.</summary>
internal sealed record CorpusParts<T>(T Train, T Valid, double? SplitShare, List<CorpusNote> Notes);

/// <summary>Splits off what chooses the best weights, where a run has no corpora for it.</summary>
internal static class CorpusParts
{
    private const ulong SplitStream = 0x5B117;

    /// <summary>
    /// Labelled texts; a split keeps the shares of the labels, and a text that occurs twice on one side. It takes whole sentences, and nothing is learnt from
    /// their phrases then.
    /// </summary>
    public static CorpusParts<LabelledText[]> Split(Recipe recipe, RunCorpora<LabelledText> corpora)
    {
        LabelledText[] whole = [.. corpora.Train.Where(example => !example.IsPhrase)];
        bool phrases = corpora.Valid is null && whole.Length > 0 && whole.Length < corpora.Train.Length;
        CorpusParts<LabelledText[]> parts = Split(
            recipe, phrases ? corpora with { Train = whole } : corpora, (all, _) => LabelIds.Complete(recipe.Model, all), example => example.Label,
            example => example.Text, example => example.AllLabels);
        if (!phrases) return parts;
        HashSet<(string, int)> places = [.. parts.Valid.Select(example => (example.Path, example.Line))];
        HashSet<string> texts = [.. parts.Valid.Select(example => example.Text)];
        return parts with
        {
            Train = [.. corpora.Train.Where(example => !places.Contains((example.Path, example.Line)) && !(example.IsPhrase && texts.Contains(example.Text)))],
        };
    }

    /// <summary>Pairs of texts; a split keeps all translations of one source on one side.</summary>
    public static CorpusParts<TextPair[]> Split(Recipe recipe, RunCorpora<TextPair> corpora) =>
        Split(recipe, corpora, (_, _) => { }, _ => "", pair => pair.Source, _ => []);

    /// <summary>Tagged sentences; a split keeps one that occurs twice on one side, and every tag in training.</summary>
    public static CorpusParts<TaggedSentence[]> Split(Recipe recipe, RunCorpora<TaggedSentence> corpora) => Split(
        recipe, corpora, (all, notes) => LabelIds.Complete(recipe.Model, all, notes), _ => "", sentence => string.Join('\t', sentence.Words),
        sentence => sentence.Tags);

    /// <summary>
    /// Sequences of numbers; a split keeps the shares of labels. One sequence alone is split in time: its end chooses the weights.
    /// </summary>
    public static CorpusParts<NumberExample[]> Split(Recipe recipe, RunCorpora<NumberExample> corpora)
    {
        if (corpora.Valid is null && corpora.Train is [{ Sound: null } only])
        {
            int end = Math.Clamp((int)(only.Sequence.Steps * (1 - recipe.Data.SplitShare)), 1, Math.Max(1, only.Sequence.Steps - 1));
            return new([only.Slice(0, end)], [only.Slice(end, only.Sequence.Steps - end)], recipe.Data.SplitShare, corpora.Notes);
        }

        return Split(
            recipe, corpora, (_, _) => { }, example => example.Labels is [var label] ? label : "", example => example.Name, example => example.Labels);
    }

    /// <summary>Running text; a split takes the end of every text, and tunes in other keys are learnt from alone.</summary>
    public static CorpusParts<string> Split(Recipe recipe, RunCorpora<RunningText> corpora)
    {
        if (corpora.Valid is { } valid)
            return new(string.Join('\n', corpora.Train.Select(text => text.Whole)), string.Join('\n', valid.Select(text => text.Whole)), null, corpora.Notes);
        double share = recipe.Data.SplitShare;
        (string Train, string Valid)[] parts = [.. corpora.Train.Select(text => text.Split(share))];
        return new(string.Join('\n', parts.Select(part => part.Train)), string.Join('\n', parts.Select(part => part.Valid)), share, corpora.Notes);
    }

    private static CorpusParts<T[]> Split<T>(
        Recipe recipe, RunCorpora<T> corpora, Action<T[], List<CorpusNote>> check, Func<T, string> label, Func<T, string> text,
        Func<T, IEnumerable<string>> labels)
    {
        var (all, notes) = (corpora.Train, corpora.Notes);
        if (corpora.Valid is { } given) return new(all, given, null, notes);

        check(all, notes); // labels that are none say more than what cannot be split by them
        double share = recipe.Data.SplitShare;
        bool[] taken = Choose(keepLabels: true);
        if (!taken.Contains(true)) taken = Choose(keepLabels: false);
        T[] valid = [.. all.Where((_, i) => taken[i])];
        if (valid.Length > 0) return new([.. all.Where((_, i) => !taken[i])], valid, share, notes);
        string few = all.Length == 1 ? "1 example" : $"{all.Length} examples, no two of which share their labels";
        string sentence = $"{corpora.TrainName}: {few}, and no validation corpus; expected a validation corpus, or examples enough to split some off";
        if (corpora.IsInMemory) throw new CorpusException(new CorpusNote(sentence));
        string doubt = all.Length > 2 || all is [TaggedSentence { Words.Count: > 100 }]
            ? all[0] is TaggedSentence ? "; is there an empty line after every sentence" : "; is the label in another column"
            : "";
        throw new CorpusException(new CorpusNote($"{sentence}{doubt}", new CorpusSetting("data.valid", "FILE")));

        bool[] Choose(bool keepLabels)
        {
            bool[] chosen = new bool[all.Length];
            ulong stratum = 0;
            Dictionary<string, int> left = all.SelectMany(example => labels(example).Distinct()).CountBy(name => name).ToDictionary(StringComparer.Ordinal);
            foreach (var members in Enumerable.Range(0, all.Length).GroupBy(i => label(all[i])).OrderBy(group => group.Key, StringComparer.Ordinal))
            {
                int wanted = (int)Math.Round(share * members.Count());
                if (wanted == 0 && members.Count() > 1) wanted = 1;
                int[][] groups = [.. members.GroupBy(i => text(all[i])).Select(group => group.ToArray())];
                if (groups.Length == 1) groups = [.. groups[0].Select(i => new[] { i })]; // the same text alone, on both sides rather than on one
                new RandomSource(recipe.Training.Seed, SplitStream, stratum++).Shuffle<int[]>(groups);
                foreach (int[] group in groups.SkipLast(1)) // one stays
                {
                    if (wanted <= 0) break;
                    var names = group.SelectMany(i => labels(all[i]).Distinct()).CountBy(name => name).ToArray();
                    if (keepLabels && names.Any(name => left[name.Key] <= name.Value)) continue; // nothing else would teach this label
                    foreach (var (name, count) in names) left[name] -= count;
                    foreach (int i in group) chosen[i] = true;
                    wanted -= group.Length;
                }
            }

            return chosen;
        }
    }
}
