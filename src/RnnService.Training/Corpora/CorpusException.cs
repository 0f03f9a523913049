namespace RnnService.Training.Corpora;

/// <summary>A corpus cannot be read, or not trained on, as the settings say, and others may: <see cref="Note"/> names them.</summary>
public sealed class CorpusException(CorpusNote note) : Exception(note.ToString())
{
    /// <summary>What was found and which settings may help.</summary>
    public CorpusNote Note { get; } = note;
}
