namespace RnnService.Training.Corpora;

/// <summary>A setting that may help against what a note says.</summary>
/// <param name="Name">
/// Its name: that of a <see cref="CorpusSource"/>'s setting as a recipe has it (<c>form_column</c>), or a dotted path of the recipe
/// (<c>data.max_tokens</c>).
/// </param>
/// <param name="Value">The value.</param>
public sealed record CorpusSetting(string Name, string Value);

/// <summary>Something noticed in a corpus, and the settings that may help. A command line names its options for them.</summary>
/// <param name="Sentence">What was noticed: file, line where there is one, what is found.</param>
/// <param name="Suggestions">The settings, to be given together.</param>
public sealed record CorpusNote(string Sentence, params IReadOnlyList<CorpusSetting> Suggestions)
{
    /// <summary>The sentence with the settings as a recipe names them.</summary>
    public override string ToString() => ToString(setting => $"{setting.Name}={setting.Value}");

    /// <summary>The sentence with the settings as the caller names them.</summary>
    public string ToString(Func<CorpusSetting, string> name) =>
        Suggestions.Count == 0 ? Sentence : $"{Sentence} ({string.Join(' ', Suggestions.Select(name))})";
}

/// <summary>A corpus cannot be read, or not trained on, as the settings say, and others may: <see cref="Note"/> names them.</summary>
public sealed class CorpusException(CorpusNote note) : Exception(note.ToString())
{
    /// <summary>What was found and which settings may help.</summary>
    public CorpusNote Note { get; } = note;
}
