using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using RnnService.Engine.Layers;
using RnnService.Engine.Tasks;
using RnnService.Training.Corpora;

namespace RnnService.Training.Recipes;

/// <summary>A recipe cannot be read or contradicts itself: the message names the setting, the value found and the one wanted.</summary>
public sealed class RecipeException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Everything that makes a model but the corpus itself: <c>recipe.json</c>. Immutable.</summary>
public sealed record Recipe
{
    /// <summary>
    /// The model's configuration. Labels are found in the corpus and need not be given.
    /// </summary>
    public required ModelConfig Model { get; init; }

    /// <summary>The corpora and the vocabulary made of them.</summary>
    public required DataSettings Data { get; init; }

    /// <summary>How it is trained.</summary>
    public TrainingSettings Training { get; init; } = new();

    /// <summary>The text whose answer is kept with the model and checked at every load.</summary>
    public required string GoldenInput { get; init; }

    internal static JsonSerializerOptions Json { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DictionaryKeyPolicy = null,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false) },
    };

    /// <summary>Reads a recipe and lets settings of a command line override it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="overrides">Settings by dotted path, such as <c>training.learning_rate=0.001</c>; a value is JSON, or else a string.</param>
    /// <exception cref="RecipeException">The file or an override is wrong.</exception>
    public static Recipe Read(string path, IEnumerable<string>? overrides = null)
    {
        try
        {
            JsonNode root = JsonNode.Parse(
                File.ReadAllText(path), documentOptions: new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true })
                ?? throw new RecipeException($"{path}: null found, an object wanted");
            return From(root, overrides ?? []);
        }
        catch (Exception error) when (error is JsonException or ArgumentException or InvalidOperationException)
        {
            throw new RecipeException($"{path}: {Sentence(error)}", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new RecipeException($"{path}: {error.Message}", error);
        }
    }

    /// <summary>The same recipe but for settings of a command line, given as to <see cref="Read"/>.</summary>
    /// <exception cref="RecipeException">A setting is wrong.</exception>
    public Recipe With(IEnumerable<string> overrides)
    {
        try
        {
            return From(JsonSerializer.SerializeToNode(this, Json)!, overrides);
        }
        catch (Exception error) when (error is JsonException or ArgumentException or InvalidOperationException)
        {
            throw new RecipeException(Sentence(error), error);
        }
    }

    /// <summary>The recipe as its file has it.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json) + "\n";

    private void Validate()
    {
        // Labels come from the corpus; two stand in for them so that everything else is checked before any corpus is read.
        (Model with { Labels = Model.Task == ModelTask.LanguageModel || Model.Labels.Count > 0 ? Model.Labels : ["a", "b"] }).Validate();
        if (string.IsNullOrEmpty(GoldenInput)) throw new ArgumentException("golden_input is empty: a text wanted");
        Data.Validate();
        Training.Validate();
    }

    private static Recipe From(JsonNode root, IEnumerable<string> overrides)
    {
        foreach (string setting in overrides) Override(root, setting);
        Recipe recipe = root.Deserialize<Recipe>(Json)!; // null for null alone, which the root is not
        recipe.Validate();
        return recipe;
    }

    // The reader's own sentences speak of .NET types, and of lines that overrides have moved.
    private static string Sentence(Exception error)
    {
        const string missing = "missing required properties including: ";
        if (error is not JsonException { Path: ['$', .. var path] }) return error.Message;
        string place = path.TrimStart('.');
        int names = error.Message.IndexOf(missing, StringComparison.Ordinal);
        return names < 0
            ? $"{(place.Length > 0 ? place : "the whole")} is no setting, or its value is of the wrong kind"
            : $"{(place.Length > 0 ? place : "the recipe")} lacks {error.Message[(names + missing.Length)..].Split(". Path")[0].TrimEnd('.')}";
    }

    private static void Override(JsonNode root, string setting)
    {
        int equals = setting.IndexOf('=', StringComparison.Ordinal);
        if (equals <= 0) throw new RecipeException($"setting \"{setting}\": path=value wanted, such as training.learning_rate=0.001");
        string[] path = setting[..equals].Split('.');
        string text = setting[(equals + 1)..];
        JsonNode node = root;
        foreach (string key in path[..^1])
        {
            if (node is not JsonObject) throw new RecipeException($"setting \"{setting}\": {key} stands in no object");
            node = node[key] ?? (node[key] = new JsonObject());
        }

        JsonNode? value;
        try
        {
            value = JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            value = JsonValue.Create(text);
        }

        if (node is not JsonObject target) throw new RecipeException($"setting \"{setting}\": {path[^1]} stands in no object");
        target[path[^1]] = value;
    }
}

/// <summary>The corpora of a recipe and the vocabulary made of them.</summary>
public sealed record DataSettings
{
    /// <summary>Corpora trained on.</summary>
    public required IReadOnlyList<CorpusSource> Train { get; init; }

    /// <summary>Corpora that choose the best weights and are never trained on.</summary>
    public required IReadOnlyList<CorpusSource> Valid { get; init; }

    /// <summary>Rarer tokens are read as unknown.</summary>
    public int MinCount { get; init; } = 1;

    /// <summary>Most tokens in the vocabulary.</summary>
    public int MaxVocabulary { get; init; } = int.MaxValue;

    /// <summary>Longer texts of a classifier are cut to this many tokens in training; 0 cuts none.</summary>
    public int MaxTokens { get; init; }

    internal void Validate()
    {
        if (Train.Count == 0) throw new ArgumentException("data.train is empty: at least one corpus wanted");
        if (Valid.Count == 0) throw new ArgumentException("data.valid is empty: at least one corpus wanted");
        foreach (CorpusSource source in Train.Concat(Valid)) source.Validate();
        TrainingSettings.Check(MinCount >= 1, "data.min_count", MinCount, "1 or more");
        TrainingSettings.Check(MaxVocabulary >= 3, "data.max_vocabulary", MaxVocabulary, "3 or more");
        TrainingSettings.Check(MaxTokens >= 0, "data.max_tokens", MaxTokens, "0 (all) or more");
    }
}

/// <summary>How the learning rate moves.</summary>
public enum LearningRateSchedule
{
    /// <summary>It stays.</summary>
    Constant,

    /// <summary>It falls along half a cosine to <see cref="TrainingSettings.FinalRate"/> of itself at the last step.</summary>
    Cosine,

    /// <summary>It is multiplied by <see cref="TrainingSettings.PlateauFactor"/> when evaluations bring no progress.</summary>
    Plateau,
}

/// <summary>The rule that turns gradients into steps.</summary>
public enum OptimizerKind
{
    /// <summary>Adam with decoupled weight decay.</summary>
    Adam,

    /// <summary>Stochastic gradient descent with momentum.</summary>
    Sgd,
}

/// <summary>How a model is trained. The defaults are sound for small networks.</summary>
public sealed record TrainingSettings
{
    /// <summary>Every draw depends on it.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Passes over the corpus.</summary>
    public int Epochs { get; init; } = 10;

    /// <summary>Texts, sentences or parallel streams of text a step.</summary>
    public int BatchSize { get; init; } = 32;

    /// <summary>Tokens a language model is unrolled over before gradients are cut; the state is carried on.</summary>
    public int UnrollSteps { get; init; } = 100;

    /// <summary>
    /// Parts a batch is split into; each part's gradient is computed by one thread. The result depends on the number of parts, not on the
    /// number of threads.
    /// </summary>
    public int Shards { get; init; } = 2;

    /// <summary>The optimizer.</summary>
    public OptimizerKind Optimizer { get; init; } = OptimizerKind.Adam;

    /// <summary>The learning rate.</summary>
    public double LearningRate { get; init; } = 2e-3;

    /// <summary>Adam's β1, or the momentum of SGD.</summary>
    public float Momentum { get; init; } = 0.9f;

    /// <summary>Adam's β2.</summary>
    public float Beta2 { get; init; } = 0.999f;

    /// <summary>Adam's ε.</summary>
    public float Epsilon { get; init; } = 1e-8f;

    /// <summary>Decoupled weight decay: each step takes learning rate × this share off the weights.</summary>
    public float WeightDecay { get; init; }

    /// <summary>The gradient's norm is cut to it; 0 never cuts.</summary>
    public float ClipNorm { get; init; } = 1;

    /// <summary>The schedule.</summary>
    public LearningRateSchedule Schedule { get; init; } = LearningRateSchedule.Constant;

    /// <summary>Steps over which the rate rises from 0.</summary>
    public int WarmupSteps { get; init; }

    /// <summary>Share of the rate left at the end of a cosine.</summary>
    public double FinalRate { get; init; } = 0.05;

    /// <summary>Factor on a plateau.</summary>
    public double PlateauFactor { get; init; } = 0.5;

    /// <summary>Evaluations without progress before the rate falls.</summary>
    public int PlateauPatience { get; init; } = 1;

    /// <summary>Evaluations without progress before training stops; 0 never stops early.</summary>
    public int Patience { get; init; }

    /// <summary>Steps between evaluations; 0 evaluates after each epoch.</summary>
    public int EvaluateEvery { get; init; }

    /// <summary>Dropout.</summary>
    public DropoutRates Dropout { get; init; } = new();

    /// <summary>
    /// A word seen n times is read as unknown with chance a/(a+n), so that the unknown word is learnt (Kiperwasser and Goldberg 2016); 0 never.
    /// </summary>
    public double UnknownChance { get; init; }

    /// <summary>Decay a step of the averaged weights that are evaluated and saved; 0 takes the weights as they are.</summary>
    public double AverageDecay { get; init; }

    /// <summary>Starts square recurrent matrices as the identity, the start for ReLU networks, in place of a random rotation.</summary>
    public bool IdentityStart { get; init; }

    /// <summary>Steps between lines of the log.</summary>
    public int LogEvery { get; init; } = 20;

    internal void Validate()
    {
        Check(Epochs >= 1, "training.epochs", Epochs, "1 or more");
        Check(BatchSize >= 1, "training.batch_size", BatchSize, "1 or more");
        Check(UnrollSteps >= 1, "training.unroll_steps", UnrollSteps, "1 or more");
        Check(Shards >= 1 && Shards <= BatchSize, "training.shards", Shards, $"1 to {BatchSize} (batch_size)");
        Check(LearningRate > 0 && double.IsFinite(LearningRate), "training.learning_rate", LearningRate, "above 0");
        Check(Momentum is >= 0 and < 1, "training.momentum", Momentum, "0 up to but not 1");
        Check(Beta2 is >= 0 and < 1, "training.beta2", Beta2, "0 up to but not 1");
        Check(Epsilon > 0, "training.epsilon", Epsilon, "above 0");
        Check(WeightDecay >= 0, "training.weight_decay", WeightDecay, "0 or more");
        Check(ClipNorm >= 0, "training.clip_norm", ClipNorm, "0 (off) or more");
        Check(WarmupSteps >= 0, "training.warmup_steps", WarmupSteps, "0 or more");
        Check(FinalRate is >= 0 and <= 1, "training.final_rate", FinalRate, "0 to 1");
        Check(PlateauFactor is > 0 and < 1, "training.plateau_factor", PlateauFactor, "above 0, below 1");
        Check(PlateauPatience >= 1, "training.plateau_patience", PlateauPatience, "1 or more");
        Check(Patience >= 0, "training.patience", Patience, "0 (never) or more");
        Check(EvaluateEvery >= 0, "training.evaluate_every", EvaluateEvery, "0 (each epoch) or more");
        Check(Dropout.Embedding is >= 0 and < 1, "training.dropout.embedding", Dropout.Embedding, "0 up to but not 1");
        Check(Dropout.Between is >= 0 and < 1, "training.dropout.between", Dropout.Between, "0 up to but not 1");
        Check(Dropout.Output is >= 0 and < 1, "training.dropout.output", Dropout.Output, "0 up to but not 1");
        Check(UnknownChance >= 0, "training.unknown_chance", UnknownChance, "0 or more");
        Check(AverageDecay is >= 0 and < 1, "training.average_decay", AverageDecay, "0 up to but not 1");
        Check(LogEvery >= 1, "training.log_every", LogEvery, "1 or more");
    }

    internal static void Check(bool right, string name, object found, string wanted)
    {
        if (!right) throw new ArgumentException(FormattableString.Invariant($"{name} is {found}: {wanted} wanted"));
    }
}
