using System.Text.Json.Serialization;
using RnnService.Engine.Models;
using RnnService.Engine.Text;
using RnnService.Training.Corpora;

namespace RnnService.Training.Recipes;

/// <summary>The corpora of a recipe and the vocabulary made of them.</summary>
public sealed record DataSettings
{
    /// <summary>Corpora trained on.</summary>
    public required IReadOnlyList<CorpusSource> Train { get; init; }

    /// <summary>Corpora that choose the best weights and are never trained on; without any, a part of the training corpora is split off.</summary>
    public IReadOnlyList<CorpusSource> Valid { get; init; } = [];

    /// <summary>
    /// Share of the training corpora that is split off for validation where there are no validation corpora: drawn by the seed, by label
    /// for a classifier, the end of every text for a language model. A tenth unless given.
    /// </summary>
    public double? ValidShare { get; init; }

    /// <summary>What becomes of validation texts whose label is in no training text.</summary>
    public UnseenLabelRule UnseenLabels { get; init; }

    /// <summary>Rarer tokens are read as unknown.</summary>
    public int MinCount { get; init; } = 1;

    /// <summary>Most tokens in the vocabulary. Of subwords at least 259, and where nothing is said one for every 500 characters, 8192 at most.</summary>
    public int MaxVocabulary { get; init; } = int.MaxValue;

    /// <summary>
    /// Longer texts of a classifier are cut to this many tokens in training, and pairs of a translator with a longer side left out; 0 takes all as they
    /// are.
    /// </summary>
    public int MaxTokens { get; init; }

    /// <summary>
    /// Short validation texts that config.json offers to whoever tries the model, and the service shows; 0 for corpora that nobody is to see.
    /// Not for language models, whose examples are given as model.examples.
    /// </summary>
    public int Examples { get; init; } = 3;

    internal const int MostExamples = 20;

    internal const double UsualShare = 0.1;

    /// <summary><see cref="ValidShare"/>, or its default.</summary>
    [JsonIgnore]
    public double SplitShare => ValidShare ?? UsualShare;

    /// <summary>The vocabulary of a model, from the texts that it is trained on.</summary>
    internal Vocabulary BuildVocabulary(IEnumerable<string> texts, ModelConfig model) => Tokenizer.BuildVocabulary(
        texts, model.Tokenizer, model.LowerCase, MinCount, MaxVocabulary,
        withEnd: model is { Task: ModelTask.Translator } or { Task: ModelTask.LanguageModel, Tokenizer: Tokenization.Whitespace });

    /// <summary>Notes labels that are never learnt, or refuses them as the rule says.</summary>
    internal void NoteOrThrow(CorpusNote? unseen, List<CorpusNote> notes)
    {
        if (unseen is null) return;
        if (UnseenLabels == UnseenLabelRule.Error) throw new CorpusException(unseen);
        notes.Add(unseen);
    }

    /// <param name="namesCorpora">Whether there have to be training corpora.</param>
    internal void Validate(bool namesCorpora)
    {
        if (namesCorpora && Train.Count == 0) throw new ArgumentException("data.train is empty; expected at least one corpus");
        if (Valid.Count > 0 && ValidShare is not null)
        {
            throw new ArgumentException(
                "data.valid and data.valid_share are both given; expected either: corpora for validation, or a share of the training corpora");
        }

        if (Examples is < 0 or > MostExamples) throw new ArgumentException($"data.examples is {Examples}; expected 0 to {MostExamples}");
        foreach (CorpusSource source in Train.Concat(Valid)) source.Validate();
    }
}
