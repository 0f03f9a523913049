namespace RnnService.Training.Corpora;

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
