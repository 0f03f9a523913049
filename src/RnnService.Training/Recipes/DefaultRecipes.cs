using RnnService.Engine.Generation;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Text;
using RnnService.Training.Corpora;

namespace RnnService.Training.Recipes;

/// <summary>
/// A sound recipe for each task and size of corpus: small networks that two processor cores train in seconds on hundreds of examples, and in
/// minutes on a few megabytes of text.
/// </summary>
public static class DefaultRecipes
{
    /// <summary>Labelled texts below which words are added up instead of read in order: too few to learn order from.</summary>
    public const int BagOfWordsBelow = 3000;

    private const int EpochsAPart = 10; // a part of the network is released each tenth of a training

    private const int UsualExamples = 20_000, UsualCharacters = 1_000_000;

    private const int ManyTexts = 100_000; // an epoch is then long enough to be evaluated within

    // What makes a network one of the caller's own, which a sum of words then is not put in place of.
    private static readonly string[] OwnNetwork =
        ["model.cell", "model.embedding_size", "model.hidden_size", "model.layers", "model.bidirectional", "model.reverse", "model.pooling"];

    /// <summary>The recipe of a task for these corpora.</summary>
    /// <param name="task">The task.</param>
    /// <param name="train">Corpora to train on.</param>
    /// <param name="valid">Corpora that choose the best weights.</param>
    /// <param name="examples">
    /// How much there is to train on: labelled texts, sentences, pairs, or a language model's characters; see <see cref="Count"/>. Epochs, batches and
    /// averaging depend on it, and the network of a classifier or translator. When null, enough for a recurrent network.
    /// </param>
    /// <param name="overrides">
    /// Settings as for <see cref="Recipe.With"/>. Where they name a part of the network, a classifier starts from the recurrent one.
    /// </param>
    /// <exception cref="RecipeException">An override is wrong.</exception>
    public static Recipe For(
        ModelTask task, IReadOnlyList<CorpusSource> train, IReadOnlyList<CorpusSource> valid, long? examples = null,
        IReadOnlyList<string>? overrides = null)
    {
        if (NumberRecipes.ReadsNumbers(task, train)) return NumberRecipes.For(task, train, valid, examples ?? UsualExamples, overrides);
        long size = examples ?? (task == ModelTask.LanguageModel ? UsualCharacters : UsualExamples);
        bool bag = size < BagOfWordsBelow && BaseSettings.In(overrides) is null && !(overrides ?? []).Any(setting => OwnNetwork.Contains(setting.Split('=')[0]));
        var recipe = new Recipe
        {
            Model = task switch
            {
                ModelTask.LanguageModel => LanguageModel(size),
                ModelTask.Classifier => bag ? BagOfWords : Classifier(size),
                ModelTask.Translator => Translator(size),
                _ => Tagger(size),
            },
            Data = new DataSettings
            {
                Train = train,
                Valid = valid,
                ValidShare = valid.Count == 0 ? DataSettings.UsualShare : null, // kept with the model, so that its recipe says it
                MaxTokens = task switch { ModelTask.Classifier => 400, ModelTask.Translator => 100, _ => 0 },
            },
            Training = task switch
            {
                ModelTask.LanguageModel => LanguageModelSettings(size),
                ModelTask.Classifier => bag ? BagOfWordsSettings(size) : ClassifierSettings(size),
                ModelTask.Translator => TranslatorSettings(size),
                _ => TaggerSettings(size),
            },
            GoldenInput = "The quick brown fox doesn't jump over the lazy dog.",
        };
        return Finish(recipe, overrides);
    }

    /// <summary>The recipe with what it has from the model that it starts from, if any, and with settings changed.</summary>
    /// <exception cref="RecipeException">A setting is wrong.</exception>
    internal static Recipe Finish(Recipe recipe, IReadOnlyList<string>? overrides)
    {
        if (BaseSettings.In(overrides) is { } from)
        {
            ModelConfig other = BaseSettings.Read(from);
            ModelConfig model = BaseSettings.Adapt(recipe.Model, from, overrides!);
            recipe = FineTuning(recipe with { Model = model }, other);
        }

        if (overrides is null) return recipe;
        recipe = recipe.With(overrides);
        bool chooses = recipe.Training.LayerDecay > 1 && !overrides.Any(setting => setting.StartsWith("training.release=", StringComparison.Ordinal));
        return BaseSettings.In(overrides) is null || !chooses
            ? recipe
            : recipe with { Training = recipe.Training with { Release = Math.Max(1, recipe.Training.Epochs / EpochsAPart) } };
    }

    /// <summary>As Howard and Ruder (2018) tune a language model: what it knows should not be forgotten before the new head has learnt something.</summary>
    private static Recipe FineTuning(Recipe recipe, ModelConfig other)
    {
        TrainingSettings settings = recipe.Training;
        ModelConfig model = recipe.Model;
        bool isSame = other.Task == model.Task, staged = model.Numbers is null && model.Task is ModelTask.Classifier or ModelTask.Tagger;
        if (isSame) model = model with { Pooling = other.Pooling };
        else if (model.Task == ModelTask.Classifier && model.Cell != CellKind.Sum) model = model with { Pooling = Pooling.Concat };
        settings = model.Base is not null && !isSame
            ? settings with
            {
                // The encoder is new, and its own rate that of one that starts from nothing.
                LayerDecay = 2.6,
                UnknownChance = 0,
                Dropout = settings.Dropout with { Embedding = 0.2f, Between = 0.25f },
            }
            : staged
            ? settings with { LearningRate = 4e-3, Beta2 = 0.99f, LayerDecay = 2.6, UnknownChance = model.Tokenizer == Tokenization.Subwords ? 0 : settings.UnknownChance }
            : settings with { LearningRate = settings.LearningRate / 3 };
        return recipe with { Model = model, Training = settings };
    }

    /// <summary>The recipe of a task for examples that a program gives: see <see cref="TrainingOptions"/>.</summary>
    /// <param name="task">The task.</param>
    /// <param name="size">How much there is to train on: labelled texts, tagged sentences, pairs, or characters of running text.</param>
    /// <param name="settings">Settings as for <see cref="Recipe.With"/>, such as <c>training.epochs=5</c>.</param>
    /// <exception cref="RecipeException">A setting is wrong; the message names it, its value and what was expected.</exception>
    public static Recipe For(ModelTask task, long size, params IEnumerable<string> settings) => For(task, [], [], size, [.. settings]);

    /// <summary>The recipe of a task for sequences of numbers that a program gives: see <see cref="NumberTrainer"/>.</summary>
    /// <param name="task">The task.</param>
    /// <param name="size">How many sequences there are to train on.</param>
    /// <param name="sounds">Whether they are sounds, whose features the model then makes.</param>
    /// <param name="settings">Settings as for <see cref="Recipe.With"/>, such as <c>model.numbers.horizon=12</c>.</param>
    /// <exception cref="RecipeException">A setting is wrong; the message names it, its value and what was expected.</exception>
    public static Recipe ForNumbers(ModelTask task, long size, bool sounds = false, params IEnumerable<string> settings) =>
        NumberRecipes.For(task, [], [], size, sounds, [.. settings]);

    /// <summary>How much a task finds to learn from in corpora: labelled texts, sentences, pairs, or a language model's characters.</summary>
    /// <param name="task">The task.</param>
    /// <param name="train">The corpora, read once for it.</param>
    /// <inheritdoc cref="Corpus" path="/remarks"/>
    public static long Count(ModelTask task, IReadOnlyList<CorpusSource> train) => train.Sum(source => NumberRecipes.ReadsNumbers(task, train) ? Corpus.ReadNumbers(source).Examples.Count : task switch
    {
        ModelTask.LanguageModel => (long)Corpus.ReadText(source).Length,
        ModelTask.Classifier => Corpus.ReadLabelled(source).Count,
        ModelTask.Translator => Corpus.ReadPairs(source).Count,
        _ => Corpus.ReadTagged(source).Count,
    });

    // More text holds more than a small network has room for, and pays for the time that a large one takes.
    private static ModelConfig LanguageModel(long characters)
    {
        (int embedding, int hidden) = characters switch { < 4_000_000 => (64, 256), < 20_000_000 => (96, 384), _ => (128, 512) };
        return new ModelConfig
        {
            Task = ModelTask.LanguageModel,
            Cell = CellKind.Lstm,
            Tokenizer = Tokenization.Characters,
            EmbeddingSize = embedding,
            HiddenSize = hidden,
            Layers = 2,
            Generation = new GenerationOptions { Temperature = 0.8f },
        };
    }

    private static ModelConfig Classifier(long texts)
    {
        (int embedding, int hidden) = texts switch { < ManyTexts => (100, 128), < 1_000_000 => (128, 192), _ => (200, 256) };
        return Words(ModelTask.Classifier) with { EmbeddingSize = embedding, HiddenSize = hidden, Pooling = Pooling.Max };
    }

    // On some hundred texts a recurrent network learns the texts by heart; a sum of embeddings has less room to.
    private static ModelConfig BagOfWords => Words(ModelTask.Classifier) with
    {
        Cell = CellKind.Sum,
        HiddenSize = 100,
        Bidirectional = false,
        Pooling = Pooling.Last,
    };

    private static ModelConfig Tagger(long sentences) =>
        Words(ModelTask.Tagger) with { HiddenSize = sentences < 30_000 ? 128 : 200, Characters = new CharacterConfig() };

    private static ModelConfig Translator(long pairs)
    {
        (int encoder, int decoder) = pairs switch { < 10_000 => (128, 192), < 60_000 => (192, 256), _ => (256, 384) };
        return new ModelConfig
        {
            Task = ModelTask.Translator,
            Cell = CellKind.Gru,
            Tokenizer = Tokenization.Subwords,
            EmbeddingSize = encoder,
            HiddenSize = encoder,
            Bidirectional = true,
            TieWeights = true,
            Decoder = new DecoderConfig { HiddenSize = decoder },
        };
    }

    private static ModelConfig Words(ModelTask task) => new()
    {
        Task = task,
        Cell = CellKind.Lstm,
        Tokenizer = Tokenization.English,
        LowerCase = true,
        EmbeddingSize = 100,
        HiddenSize = 128,
        Bidirectional = true,
    };

    private static TrainingSettings LanguageModelSettings(long characters)
    {
        bool small = characters < 500_000;
        // A stream needs some windows of text, or an epoch is over before it began.
        int batch = small ? (int)Math.Clamp(characters / 2000, 1, 16) : characters < 20_000_000 ? 32 : 64, unroll = small ? 64 : 100;
        long steps = characters / (batch * unroll);
        return new TrainingSettings
        {
            BatchSize = batch,
            Shards = Math.Min(2, batch),
            UnrollSteps = unroll,
            Epochs = Epochs(characters, batch * unroll, steps: 2500, least: characters < 4_000_000 ? 10 : characters < 20_000_000 ? 4 : 2, most: 40),
            EvaluateEvery = characters < 20_000_000 ? 0 : (int)Math.Min(int.MaxValue, steps / 4),
            LearningRate = characters < 20_000_000 ? 3e-3 : 2e-3,
            Beta2 = 0.99f,
            Schedule = LearningRateSchedule.Cosine,
            WarmupSteps = 50,
            Dropout = new DropoutRates { Between = 0.2f, Output = 0.2f },
            AverageDecay = small ? 0.99 : 0.995,
            Patience = 3,
        };
    }

    private static TrainingSettings ClassifierSettings(long texts)
    {
        bool small = texts < BagOfWordsBelow;
        int batch = small ? 16 : texts < ManyTexts ? 32 : 64;
        return new TrainingSettings
        {
            BatchSize = batch,
            Epochs = Epochs(texts, batch, steps: 2000, least: texts < ManyTexts ? 8 : texts < 1_000_000 ? 4 : 2, most: 40),
            EvaluateEvery = texts < ManyTexts ? 0 : (int)Math.Min(int.MaxValue, texts / batch / 4),
            LearningRate = small ? 2e-3 : 1e-3,
            Schedule = LearningRateSchedule.Cosine,
            Dropout = new DropoutRates { Embedding = 0.33f, Output = 0.5f },
            UnknownChance = 0.25,
            AverageDecay = small ? 0.99 : 0.998,
            Patience = small ? 6 : 3,
        };
    }

    private static TrainingSettings BagOfWordsSettings(long texts) => new()
    {
        BatchSize = 16,
        Epochs = Epochs(texts, 16, steps: 700, least: 20, most: 100),
        LearningRate = 5e-3,
        Schedule = LearningRateSchedule.Cosine,
        Dropout = new DropoutRates { Embedding = 0.5f, Output = 0.5f },
        UnknownChance = 0.25,
        AverageDecay = 0.98,
    };

    private static TrainingSettings TaggerSettings(long sentences)
    {
        bool small = sentences < 4000;
        int batch = small ? 8 : 32;
        return new TrainingSettings
        {
            BatchSize = batch,
            Epochs = Epochs(sentences, batch, steps: 1200, least: sentences < 30_000 ? 8 : 5, most: 40),
            LearningRate = 2e-3,
            Beta2 = 0.95f,
            Schedule = LearningRateSchedule.Cosine,
            Dropout = new DropoutRates { Embedding = 0.33f, Output = 0.33f },
            UnknownChance = 0.25,
            AverageDecay = small ? 0.99 : 0.998,
            Patience = small ? 8 : 3,
        };
    }

    private static TrainingSettings TranslatorSettings(long pairs)
    {
        bool small = pairs < 10_000;
        int batch = small ? 16 : 64;
        return new TrainingSettings
        {
            BatchSize = batch,
            Epochs = Epochs(pairs, batch, steps: 10_000, least: 6, most: 40),
            LearningRate = small ? 2e-3 : 1e-3,
            Beta2 = 0.98f,
            Schedule = LearningRateSchedule.Cosine,
            WarmupSteps = 200,
            Dropout = new DropoutRates { Embedding = 0.2f, Output = 0.3f },
            LabelSmoothing = 0.1,
            AverageDecay = small ? 0.99 : 0.998,
            Patience = small ? 6 : 3,
        };
    }

    // Passes over a small corpus until there were steps enough, in fives.
    private static int Epochs(long size, int batch, int steps, int least, int most) =>
        (int)Math.Clamp((steps * (long)batch / Math.Max(1, size) + 4) / 5 * 5, least, most);
}
