namespace RnnService.Training.Corpora;

/// <summary>Reads corpora of sequences of numbers.</summary>
internal static class NumberReader
{
    public static NumberCorpus Read(CorpusSource source)
    {
        source.Expect("sequences of numbers", CorpusFormat.OfNumbers);
        NumberCorpus corpus = source.Format switch
        {
            CorpusFormat.Wav => new NumberCorpus(SoundFolder.Read(source), []),
            CorpusFormat.NumPy => new NumberCorpus(
                [.. NumPyFile.Read(source.Path, CorpusFile.ReadBytes(source.Path)).Select((sequence, i) => new NumberExample { Sequence = sequence, Name = $"{source.Path}, sequence {i}" })], []),
            CorpusFormat.TimeSeries => new NumberCorpus([.. TimeSeriesFile.Read(source, CorpusFile.Open(source.Path, source.Encoding))], []),
            _ => NumberTable.Read(source, CorpusFile.Open(source.Path, source.Encoding)),
        };
        return corpus.Examples.Count > 0 ? corpus : throw new InvalidDataException($"{source.Path} holds no sequence; expected at least one");
    }
}
