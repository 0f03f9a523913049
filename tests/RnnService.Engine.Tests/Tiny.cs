using RnnService.Engine.Generation;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Tests;

/// <summary>Small random models of every task.</summary>
internal static class Tiny
{
    public static readonly Vocabulary Letters =
        new([Vocabulary.Padding, Vocabulary.Unknown, Vocabulary.End, .. "abcdefghijklmnopqrstuvwxyz .!?".Select(letter => $"{letter}")]);

    public static readonly Vocabulary Capitals =
        new([Vocabulary.Unknown, Vocabulary.End, .. "ABCDEFGHIJKLMNOPQRSTUVWXYZ ".Select(letter => $"{letter}")]);

    public static readonly Vocabulary Words =
        new([
            Vocabulary.Padding, Vocabulary.Unknown,
            .. "the a cat dog mat sat ran on it was not very good bad film I liked . , !".Split(' '),
        ]);

    private static readonly string[] Labels = ["negative", "neutral", "positive"];

    public static LanguageModel Language(
        CellKind cell = CellKind.Lstm, ulong seed = 1, int layers = 2, bool tied = false, Parameters? parameters = null) =>
        (LanguageModel)TextModel.Create(
            new ModelConfig
            {
                Task = ModelTask.LanguageModel,
                Cell = cell,
                Tokenizer = Tokenization.Characters,
                EmbeddingSize = tied || cell == CellKind.Sum ? 13 : 7,
                HiddenSize = 13,
                Layers = layers,
                TieWeights = tied,
            },
            new ModelVocabulary(Letters),
            parameters ?? Parameters.Random(seed));

    /// <summary>A language model whose tokens are bytes and some pairs of them.</summary>
    public static LanguageModel Subwords() => (LanguageModel)TextModel.Create(
        Language().Config with { Tokenizer = Tokenization.Subwords },
        new ModelVocabulary(SubwordTrainer.Train(["the cat sat on the mat", "the cat ran", "日本 日本 😀😀"], 280)), Parameters.Random(3));

    public static Classifier Classifier(
        CellKind cell = CellKind.Lstm, Pooling pooling = Pooling.Last, bool both = true, ulong seed = 1, bool reverse = false) =>
        WithScores((Classifier)TextModel.Create(
            new ModelConfig
            {
                Task = ModelTask.Classifier,
                Cell = cell,
                Tokenizer = Tokenization.Whitespace,
                EmbeddingSize = 9,
                HiddenSize = 9,
                Layers = cell == CellKind.Sum && both ? 1 : 2,
                Bidirectional = both,
                Reverse = reverse,
                Pooling = pooling,
                Labels = Labels,
            },
            new ModelVocabulary(Words),
            Parameters.Random(seed)));

    /// <summary>A classifier whose encoder stands on two forward layers.</summary>
    public static Classifier OnBase(Pooling pooling = Pooling.Mean, CellKind cell = CellKind.Lstm, bool both = true) => (Classifier)TextModel.Create(
        Classifier(cell, pooling, both).Config with { Base = new BaseConfig(2, 7) }, new ModelVocabulary(Words), Parameters.Random(4));

    /// <summary>A classifier whose labels do not exclude each other.</summary>
    public static Classifier MultiLabel(CellKind cell = CellKind.Lstm, Pooling pooling = Pooling.Last) => (Classifier)TextModel.Create(
        Classifier(cell, pooling).Config with { MultiLabel = true, Thresholds = [.4f, .5f, .6f] }, new ModelVocabulary(Words), Parameters.Random(3));

    public static Tagger Tagger(
        CellKind cell = CellKind.Lstm, bool characters = true, bool both = true, ulong seed = 1, bool crf = false, SpanTags? tags = null,
        IReadOnlyList<string>? labels = null) =>
        WithScores((Tagger)TextModel.Create(
            new ModelConfig
            {
                Task = ModelTask.Tagger,
                Cell = cell,
                Tokenizer = Tokenization.Whitespace,
                LowerCase = true,
                EmbeddingSize = 6,
                HiddenSize = cell == CellKind.Sum && characters ? 16 : cell == CellKind.Sum ? 6 : 8,
                Layers = cell == CellKind.Sum && both ? 1 : 2,
                Bidirectional = both,
                Characters = characters ? new CharacterConfig { EmbeddingSize = 5, HiddenSize = 5 } : null,
                Labels = labels ?? Labels,
                Crf = crf,
                Tags = tags,
            },
            new ModelVocabulary(Words, characters ? Letters : null),
            Parameters.Random(seed)));

    /// <summary>The model with random scores of its transitions and steps, which start at 0 in training.</summary>
    public static TModel WithScores<TModel>(TModel model)
        where TModel : Model
    {
        foreach (Parameter parameter in model.Parameters.All.Where(
            parameter => parameter.Name.StartsWith("crf.", StringComparison.Ordinal) || parameter.Name == "attention.weight"))
            Draw.Normal((ulong)parameter.Index, parameter.Data.Length).CopyTo(parameter.Data, 0);
        model.Refresh();
        return model;
    }

    public static Translator Translator(
        CellKind cell = CellKind.Gru, DecoderConfig? decoder = null, bool tied = false, int layers = 1, bool both = true, ulong seed = 1,
        Parameters? parameters = null) =>
        (Translator)TextModel.Create(
            new ModelConfig
            {
                Task = ModelTask.Translator,
                Cell = cell,
                Tokenizer = Tokenization.Characters,
                EmbeddingSize = 6,
                HiddenSize = 7,
                Layers = layers,
                Bidirectional = both,
                TieWeights = tied,
                Decoder = decoder ?? new DecoderConfig(),
            },
            new ModelVocabulary(Letters, Targets: decoder is { SharedVocabulary: false } ? Capitals : null),
            parameters ?? Parameters.Random(seed));

    /// <summary>Words known and unknown, of any spelling.</summary>
    public static string Word(ref RandomSource random) => random.Below(3) > 0
        ? Words.Tokens[2 + random.Below(Words.Count - 2)]
        : new string([.. Letter(ref random, 1 + random.Below(90))]);

    public static string[] Sentence(ref RandomSource random, int words)
    {
        string[] sentence = new string[words];
        foreach (ref string word in sentence.AsSpan()) word = Word(ref random);
        return sentence;
    }

    public static string Text(ref RandomSource random, int length) => new([.. Letter(ref random, length)]);

    private static char[] Letter(ref RandomSource random, int count)
    {
        const string Known = "abcdefghijklmnopqrstuvwxyz .!?Ä";
        char[] letters = new char[count];
        foreach (ref char letter in letters.AsSpan()) letter = Known[random.Below(Known.Length)];
        return letters;
    }
}

/// <summary>Steps of streams that no batch keeps.</summary>
internal static class Steps
{
    /// <summary>Moves streams on by one step together, and takes them out of their batch again.</summary>
    public static void Advance(this LanguageModel model, IReadOnlyList<GenerationStream> streams, int promptChunk = 64)
    {
        GenerationBatch batch = model.NewBatch();
        batch.Advance(streams, promptChunk);
        foreach (GenerationStream stream in streams) batch.Remove(stream);
    }
}
