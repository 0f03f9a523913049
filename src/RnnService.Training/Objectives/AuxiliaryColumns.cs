using RnnService.Engine.Text;
using RnnService.Training.Corpora;
using RnnService.Training.Recipes;

namespace RnnService.Training.Objectives;

/// <summary>What a tagger learns of the other columns of its corpora: see <see cref="AuxiliarySettings"/>.</summary>
internal sealed class AuxiliaryColumns
{
    private const string Setting = "training.auxiliary.columns", Nothing = "_";

    private readonly ReadOnlyMemory<int>[][] _targets; // [column][sentence]

    /// <summary>Finds the values that are learnt.</summary>
    /// <exception cref="CorpusException">A sentence lacks a column, or there is nothing to learn of one.</exception>
    public AuxiliaryColumns(AuxiliarySettings settings, IReadOnlyList<TaggedSentence> train)
    {
        string[] names = [.. settings.Columns.Select(column => column.ToString())];
        foreach (TaggedSentence sentence in train)
        {
            foreach (string name in names)
            {
                int values = sentence.Auxiliary.GetValueOrDefault(name)?.Count ?? 0;
                if (values == sentence.Words.Count) continue;
                throw new CorpusException(new CorpusNote(
                    $"{sentence.PlaceOf(0)}: column {name} ({Setting}) has {values} values for {sentence.Words.Count} words; expected as many"));
            }
        }

        string[][] learnt = [.. names.Select(name => Learnt(name).ToArray())];
        Tasks = [.. names.Zip(learnt, (name, values) => (name, values.Length))];
        _targets = [.. names.Zip(learnt, (name, values) =>
        {
            var ids = values.Index().ToDictionary(value => value.Item, value => value.Index, StringComparer.Ordinal);
            return train.Select(sentence => new ReadOnlyMemory<int>([.. sentence.Auxiliary[name].Select(value => ids.GetValueOrDefault(value, -1))])).ToArray();
        })];

        IEnumerable<string> Learnt(string name)
        {
            string[] values =
            [
                .. train.SelectMany(sentence => sentence.Auxiliary[name]).Where(value => value is not ("" or Nothing)).CountBy(value => value)
                    .Where(value => value.Value >= settings.MinCount).Select(value => value.Key).Order(StringComparer.Ordinal),
            ];
            if (values.Length > 1) return values;
            string found = values.Length == 0 ? "no value" : $"the value {Listing.Quote(values[0])} alone";
            throw new CorpusException(new CorpusNote(
                $"{train[0].Path}: column {name} ({Setting}) has {found} in {settings.MinCount} words or more; expected two values or more",
                settings.MinCount > 1 ? [new CorpusSetting("training.auxiliary.min_count", "1")] : []));
        }
    }

    /// <summary>Each column's name, and how many values of it are learnt.</summary>
    public IReadOnlyList<(string Name, int Labels)> Tasks { get; }

    /// <summary>For each column the values of some sentences, −1 for those that are not learnt.</summary>
    public IReadOnlyList<ReadOnlyMemory<int>>[] Of(int[] sentences) => [.. _targets.Select(column => sentences.Select(i => column[i]).ToArray())];
}
