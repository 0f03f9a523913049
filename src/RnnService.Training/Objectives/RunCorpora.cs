using RnnService.Training.Corpora;
using RnnService.Training.Recipes;

namespace RnnService.Training.Objectives;

/// <summary>What a run learns from, before anything is split off: read from the files of a recipe, or given by the caller.</summary>
/// <param name="Train">Examples to train on; of running text the texts.</param>
/// <param name="Valid">Examples that choose the best weights; null when some of the others are split off for it.</param>
/// <param name="TrainName">What messages call the first: their files.</param>
/// <param name="ValidName">What messages call the second.</param>
/// <param name="Notes">What is odd about them.</param>
internal sealed record RunCorpora<T>(T[] Train, T[]? Valid, string TrainName, string ValidName, List<CorpusNote> Notes)
{
    /// <summary>Whether a program gave them: no setting of a file helps where something is wrong with them.</summary>
    public bool IsInMemory { get; init; }
}

/// <summary>Reads the files of a recipe.</summary>
internal static class RunCorpora
{
    public static RunCorpora<LabelledText> ReadLabelled(DataSettings data) => Read(data, (source, notes) => Corpus.ReadLabelled(source, notes));

    public static RunCorpora<TextPair> ReadPairs(DataSettings data) => Read(data, (source, notes) => Corpus.ReadPairs(source, notes));

    /// <param name="data">The files.</param>
    /// <param name="auxiliary">Further columns that are learnt.</param>
    public static RunCorpora<TaggedSentence> ReadTagged(DataSettings data, IReadOnlyList<CorpusColumn> auxiliary) =>
        Read(data, (source, notes) => Corpus.ReadColumns(source, data.Train.Contains(source) ? auxiliary : [], notes));

    public static RunCorpora<RunningText> ReadText(DataSettings data) => Read<RunningText>(data, (source, notes) => [Corpus.ReadRunningText(source, notes)]);

    private static RunCorpora<T> Read<T>(DataSettings data, Func<CorpusSource, List<CorpusNote>, IReadOnlyList<T>> read)
    {
        var notes = new List<CorpusNote>();
        T[] train = [.. data.Train.SelectMany(source => read(source, notes))];
        T[]? valid = data.Valid.Count == 0 ? null : [.. data.Valid.SelectMany(source => read(source, notes))];
        return new(train, valid, Names(data.Train), Names(data.Valid), notes);

        static string Names(IReadOnlyList<CorpusSource> sources) => string.Join(" and ", sources.Select(source => source.Path));
    }
}
