using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
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
    /// <param name="overrides">Settings by dotted path, such as <c>training.learning_rate=0.001</c>; a value is JSON, or else a text.</param>
    /// <exception cref="RecipeException">The file or an override is wrong.</exception>
    public static Recipe Read(string path, IEnumerable<string>? overrides = null)
    {
        try
        {
            JsonNode? root = JsonNode.Parse(
                File.ReadAllText(path),
                documentOptions: new JsonDocumentOptions
                {
                    CommentHandling = JsonCommentHandling.Skip,
                    AllowTrailingCommas = true,
                    AllowDuplicateProperties = false,
                });
            return From(root, overrides ?? []);
        }
        catch (JsonException error)
        {
            // .NET's sentence ends in places of its own counting.
            string reason = error.Message.Split(" Path:")[0].Split(" LineNumber:")[0];
            string line = error.LineNumber is { } number ? $", line {number + 1}" : "";
            throw new RecipeException($"{path}{line}: is not JSON; expected a recipe: {reason}", error);
        }
        catch (RecipeException error)
        {
            throw new RecipeException($"{path}: {error.Message}", error);
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
        Validate(); // numbers that are not finite cannot be written
        return From(JsonSerializer.SerializeToNode(this, Json), overrides);
    }

    /// <summary>The recipe as its file has it.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json) + "\n";

    /// <summary>Checks every bound, and that the settings fit each other. Corpora are not touched.</summary>
    /// <exception cref="RecipeException">A setting is wrong: the message says which, what it is and what was expected.</exception>
    public void Validate()
    {
        try
        {
            RecipeSettings.CheckBounds(this, "");
            // Labels come from the corpus; two stand in for them so that everything else is checked before any corpus is read.
            ModelConfig model = Model.Task == ModelTask.LanguageModel || Model.Labels.Count > 0 ? Model : Model with { Labels = ["a", "b"] };
            WithPath("model.generation.", () => model.Generation?.Validate());
            WithPath("model.", model.Validate);
            if (string.IsNullOrEmpty(GoldenInput)) throw new ArgumentException("golden_input is empty; expected a text");
            Data.Validate();
            Training.Validate();
            CheckSize();
        }
        catch (ArgumentException error)
        {
            throw new RecipeException(error.Message, error);
        }

        static void WithPath(string path, Action check)
        {
            try
            {
                check();
            }
            catch (ArgumentException error)
            {
                throw new ArgumentException(path + error.Message, error);
            }
        }
    }

    // Sizes within their bounds can still make a network that no machine holds. The vocabulary comes on top.
    private void CheckSize()
    {
        const long most = 1_000_000_000;
        long directions = Model.Bidirectional ? 2 : 1, width = Model.HiddenSize, input = Model.EmbeddingSize, values = 0;
        long gates = Model.Cell switch
        {
            CellKind.Lstm => 4,
            CellKind.Gru or CellKind.GruBefore => 3,
            CellKind.Sum => 0,
            _ => 1,
        };
        for (int layer = 0; layer < Model.Layers; layer++)
        {
            values += directions * gates * width * (input + width);
            input = directions * width;
        }

        if (values > most)
        {
            throw new ArgumentException(FormattableString.Invariant(
                $"model.hidden_size is {width} in {Model.Layers} layers of {directions} directions: {values} weights; expected at most {most}"));
        }
    }

    private static Recipe From(JsonNode? root, IEnumerable<string> overrides)
    {
        RecipeReader.CheckRoot(root);
        bool isOver = IsOverCharacters(root!), spells = false;
        foreach (string setting in overrides)
        {
            RecipeReader.Override(root!, setting);
            spells |= setting.StartsWith("model.characters", StringComparison.Ordinal);
        }

        // A tagger over characters has no words to spell out: the character network goes with the words, unless it is asked for.
        if (!isOver && !spells && IsOverCharacters(root!)) root!["model"]!.AsObject().Remove("characters");
        RecipeReader.Check(root);
        try
        {
            Recipe recipe = root.Deserialize<Recipe>(Json)!; // null for null alone, which the root is not
            recipe.Validate();
            return recipe;
        }
        catch (JsonException error)
        {
            throw new RecipeException($"{error.Path?.TrimStart('$', '.')} has a wrong value; docs/recipe.md lists what is expected", error);
        }
    }

    private static bool IsOverCharacters(JsonNode root) =>
        root is JsonObject recipe && recipe["model"] is JsonObject model && model["tokenizer"] is JsonValue value
        && value.TryGetValue(out string? tokenizer) && tokenizer == "characters";
}

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

    /// <summary>Most tokens in the vocabulary.</summary>
    public int MaxVocabulary { get; init; } = int.MaxValue;

    /// <summary>Longer texts of a classifier are cut to this many tokens in training; 0 cuts none.</summary>
    public int MaxTokens { get; init; }

    internal const double UsualShare = 0.1;

    /// <summary><see cref="ValidShare"/>, or its default.</summary>
    [JsonIgnore]
    public double SplitShare => ValidShare ?? UsualShare;

    /// <summary>Notes labels that are never learnt, or refuses them as the rule says.</summary>
    internal void Take(CorpusNote? unseen, List<CorpusNote> notes)
    {
        if (unseen is null) return;
        if (UnseenLabels == UnseenLabelRule.Error) throw new CorpusException(unseen);
        notes.Add(unseen);
    }

    internal void Validate()
    {
        if (Train.Count == 0) throw new ArgumentException("data.train is empty; expected at least one corpus");
        if (Valid.Count > 0 && ValidShare is not null)
        {
            throw new ArgumentException(
                "data.valid and data.valid_share are both given; expected either: corpora for validation, or a share of the training corpora");
        }

        foreach (CorpusSource source in Train.Concat(Valid)) source.Validate();
    }
}

/// <summary>What becomes of validation texts with labels that are never learnt.</summary>
public enum UnseenLabelRule
{
    /// <summary>They are evaluated, as wrong, and said once.</summary>
    Miss,

    /// <summary>They end the run before it starts.</summary>
    Error,
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

    // Bounds stand in RecipeSettings; here is what depends on another setting.
    internal void Validate() =>
        Check(Shards <= BatchSize, "training.shards", Shards, $"1 to {BatchSize} (training.batch_size)");

    internal static void Check(bool right, string name, object found, string wanted)
    {
        if (!right) throw new ArgumentException(FormattableString.Invariant($"{name} is {found}; expected {wanted}"));
    }
}
