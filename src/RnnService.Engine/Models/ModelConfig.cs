using System.Numerics.Tensors;
using System.Text.Json.Serialization;
using RnnService.Engine.Generation;
using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Text;

namespace RnnService.Engine.Models;

/// <summary>Sizes of the character network that spells words out for a tagger.</summary>
public sealed record CharacterConfig
{
    /// <summary>The usual sizes where none are given.</summary>
    [JsonConstructor]
    public CharacterConfig(int embeddingSize = 50, int hiddenSize = 50) => (EmbeddingSize, HiddenSize) = (embeddingSize, hiddenSize);

    /// <summary>Width of a character's embedding.</summary>
    public int EmbeddingSize { get; init; }

    /// <summary>Width of each direction's state (the word gets twice that).</summary>
    public int HiddenSize { get; init; }
}

/// <summary>Sizes of the forward layers that the encoder of a classifier or tagger stands on: those of a language model.</summary>
public sealed record BaseConfig
{
    /// <summary>Usual sizes where none are given.</summary>
    [JsonConstructor]
    public BaseConfig(int layers = 2, int hiddenSize = 400) => (Layers, HiddenSize) = (layers, hiddenSize);

    /// <summary>Number of stacked layers.</summary>
    public int Layers { get; init; }

    /// <summary>Width of the state.</summary>
    public int HiddenSize { get; init; }
}

/// <summary>The half of a translator that writes.</summary>
public sealed record DecoderConfig
{
    /// <summary>The usual where nothing is said.</summary>
    [JsonConstructor]
    public DecoderConfig(
        AttentionKind attention = AttentionKind.Additive, bool inputFeeding = true, int? hiddenSize = null, int layers = 1,
        bool sharedVocabulary = true) =>
        (Attention, InputFeeding, HiddenSize, Layers, SharedVocabulary) = (attention, inputFeeding, hiddenSize, layers, sharedVocabulary);

    /// <summary>How it finds in the source what the next token needs.</summary>
    public AttentionKind Attention { get; init; }

    /// <summary>Whether a step reads what the last one made of state and source (Luong et al. 2015).</summary>
    public bool InputFeeding { get; init; }

    /// <summary>Width of its state; null for the encoder's.</summary>
    public int? HiddenSize { get; init; }

    /// <summary>Number of its stacked layers.</summary>
    public int Layers { get; init; }

    /// <summary>Whether sources and targets have one vocabulary, and one embedding; else <c>vocab.json</c> has <c>targets</c> beside <c>tokens</c>.</summary>
    public bool SharedVocabulary { get; init; }
}

/// <summary>Everything about a model but its vocabulary and weights: <c>config.json</c>. See docs/model-format.md.</summary>
public sealed record ModelConfig
{
    /// <summary>The one version this engine reads and writes.</summary>
    public const int CurrentFormat = 1;

    /// <summary>The largest sizes of a network: embeddings and characters, states, layers.</summary>
    public const int MaxEmbeddingSize = 4096, MaxHiddenSize = 8192, MaxLayers = 16;

    /// <summary>What need not be given. Generated JSON readers know the defaults of parameters, but not those of properties.</summary>
    [JsonConstructor]
    public ModelConfig(
        int formatVersion = CurrentFormat, int layers = 1, IReadOnlyList<string>? labels = null,
        IReadOnlyDictionary<string, double>? metrics = null, IReadOnlyList<string>? examples = null)
    {
        (FormatVersion, Layers) = (formatVersion, layers);
        (Labels, Metrics, Examples) = (labels ?? [], metrics ?? new Dictionary<string, double>(), examples ?? []);
    }

    /// <summary>Version of the folder's format.</summary>
    public int FormatVersion { get; init; }

    /// <summary>What the model does.</summary>
    public required ModelTask Task { get; init; }

    /// <summary>The recurrence.</summary>
    public required CellKind Cell { get; init; }

    /// <summary>How text becomes tokens; of a model that reads numbers none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public Tokenization Tokenizer { get; init; }

    /// <summary>Whether words are lower-cased before they are looked up.</summary>
    public bool LowerCase { get; init; }

    /// <summary>Width of a token's embedding (D); 0 in a model that reads numbers.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int EmbeddingSize { get; init; }

    /// <summary>Width of the state (H).</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Number of stacked layers.</summary>
    public int Layers { get; init; }

    /// <summary>Whether each layer also reads from the end; never for a language model.</summary>
    public bool Bidirectional { get; init; }

    /// <summary>Whether each layer reads from the end alone; never for a language model.</summary>
    public bool Reverse { get; init; }

    /// <summary>Which ways the layers read.</summary>
    [JsonIgnore]
    public Direction Direction => Bidirectional ? Direction.Bidirectional : Reverse ? Direction.Reverse : Direction.Forward;

    /// <summary>Whether a model of numbers answers at every step, and not once a sequence.</summary>
    internal bool AnswersEachStep => Task is ModelTask.Tagger or ModelTask.Forecaster or ModelTask.Transcriber || Numbers is { EachStep: true };

    /// <summary>
    /// Whether the output matrix of a language model or a translator is the embedding of what it writes. A language model needs equal widths for it; what
    /// a translator's output layer reads has the embedding's width then.
    /// </summary>
    public bool TieWeights { get; init; }

    /// <summary>How a classifier pools over time; the last states where nothing is said.</summary>
    public Pooling Pooling { get; init; }

    /// <summary>
    /// The probability below which a classifier's label is not given to whoever asks over HTTP for nothing else: a text that none reaches has none. From 0
    /// to 1; null gives all.
    /// </summary>
    public float? Threshold { get; init; }

    /// <summary>
    /// What a corpus calls texts that have none of a classifier's labels. It is no label: a text is to have it where no label reaches
    /// <see cref="Threshold"/>. Null where there is no such name.
    /// </summary>
    public string? RejectLabel { get; init; }

    /// <summary>
    /// Whether a classifier's labels do not exclude each other: a text has any number of them, each with a probability of its own, a sigmoid in place of
    /// one softmax over all. In a recipe null leaves it to the corpus; else null is false.
    /// </summary>
    public bool? MultiLabel { get; init; }

    /// <summary>
    /// The probabilities from which labels that do not exclude each other are given to whoever asks for nothing else, in id order, each from 0 to 1; null
    /// for <see cref="DefaultLabelThreshold"/> each.
    /// </summary>
    public IReadOnlyList<float>? Thresholds { get; init; }

    /// <summary>From where on a label that does not exclude others is given, where nothing else is said.</summary>
    public const float DefaultLabelThreshold = .5f;

    /// <summary>The probability from which the label with this id is given to whoever asks for nothing else; −∞ where every label always is.</summary>
    public float ThresholdOf(int label) =>
        MultiLabel is true ? Thresholds?[label] ?? Threshold ?? DefaultLabelThreshold : Threshold ?? float.NegativeInfinity;

    /// <summary>
    /// What the logits of a classifier or tagger are divided by before they become probabilities: above 1 where the network is too sure of itself, below 1
    /// where it is not sure enough; the order of the labels stays. See docs/equations.md. Null for 1.
    /// </summary>
    public float? Calibration { get; init; }

    /// <summary>The largest calibration there may be; the smallest is one divided by it.</summary>
    public const float MaxCalibration = 8;

    /// <summary>Makes scores of logits [labels] in place.</summary>
    /// <param name="logits">Those of one answer.</param>
    /// <param name="function">What they are turned into; null for <see cref="ScoreFunction"/>. The logits as they are stay what the network gave.</param>
    internal void ToScores(Span<float> logits, ScoreFunction? function = null)
    {
        function ??= ScoreFunction;
        if (function == ScoreFunction.None) return;
        if (Calibration is { } temperature) TensorPrimitives.Divide(logits, temperature, logits);
        if (function == ScoreFunction.Softmax) Activations.Softmax(logits);
        else Activations.Sigmoid(logits, logits);
    }

    /// <summary>What a classifier's logits are turned into where nothing else is asked for.</summary>
    [JsonIgnore]
    public ScoreFunction ScoreFunction => MultiLabel is true ? ScoreFunction.Sigmoid : ScoreFunction.Softmax;

    /// <summary>
    /// Whether a tagger judges each label beside its neighbours (a conditional random field): it answers the likeliest string of labels, each with its
    /// probability over all strings.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Crf { get; init; }

    /// <summary>
    /// How the network of a tagger marks spans inside, whatever the corpus does; it answers in BIO then. Null learns and answers the labels as they are.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public SpanTags? Tags { get; init; }

    /// <summary>The labels that the network of a tagger or classifier scores, in the order of its outputs: <see cref="Labels"/>, or those of <see cref="Tags"/>.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> NetworkLabels => Tags is { } tags ? SpanScheme.LabelsIn(tags, Labels) : Labels;

    /// <summary>The character network of a tagger, if any.</summary>
    public CharacterConfig? Characters { get; init; }

    /// <summary>
    /// Forward layers of the same cell between the embeddings and the encoder of a classifier or tagger of text, which reads what they give beside the
    /// embeddings; null for none.
    /// </summary>
    public BaseConfig? Base { get; init; }

    /// <summary>The half of a translator that writes; null for other tasks.</summary>
    public DecoderConfig? Decoder { get; init; }

    /// <summary>What a model reads that reads numbers; null for one that reads text.</summary>
    public NumbersConfig? Numbers { get; init; }

    /// <summary>
    /// Names of the labels in id order, a transcriber's symbols and a regressor's values; empty for a language model, a translator and a forecaster.
    /// </summary>
    public IReadOnlyList<string> Labels { get; init; }

    /// <summary>The output of <c>model.onnx</c> that gives the logits, where several could; null leaves it to their names.</summary>
    public string? OutputName { get; init; }

    /// <summary>What a language model's callers get when they ask for nothing else.</summary>
    public GenerationOptions? Generation { get; init; }

    /// <summary>What a <see cref="ChatTemplate"/> stands for: who says a message, and what.</summary>
    public const string ChatRole = "{role}", ChatContent = "{content}";

    /// <summary>How a language model reads a message of a chat: a text with <see cref="ChatContent"/> and, where the model knows any, <see cref="ChatRole"/>.</summary>
    public string? ChatTemplate { get; init; }

    /// <summary>One sentence about the model.</summary>
    public string? Description { get; init; }

    /// <summary>Licence of the weights (SPDX where there is one).</summary>
    public string? License { get; init; }

    /// <summary>Measured scores by name.</summary>
    public IReadOnlyDictionary<string, double> Metrics { get; init; }

    /// <summary>Texts to try the model with, for whoever meets it first.</summary>
    public IReadOnlyList<string> Examples { get; init; }

    /// <summary>The recurrence's name as config.json has it.</summary>
    public string CellName() => SnakeCase.Of(Cell);

    /// <summary>Checks that sizes are positive and that fields agree.</summary>
    /// <exception cref="ArgumentException">They do not; the message names the field, the value found and the one expected.</exception>
    public void Validate()
    {
        if (FormatVersion != CurrentFormat) throw Wrong("format_version", FormatVersion, $"{CurrentFormat}");
        if (Numbers is null) ValidateText();
        else ValidateNumbers(Numbers);
        Positive("hidden_size", HiddenSize, MaxHiddenSize);
        Positive("layers", Layers, MaxLayers);
        int inputSize = Numbers?.Features ?? EmbeddingSize;
        if (Cell == CellKind.Sum && Characters is null && Layers == 1 && inputSize != HiddenSize)
        {
            throw Wrong(
                "hidden_size", HiddenSize, $"{inputSize} ({(Numbers is null ? "embedding_size" : "numbers.features")}), since a sum keeps the width");
        }

        if (Task == ModelTask.LanguageModel)
        {
            if (Bidirectional) throw Wrong("bidirectional", true, "false, since a language model cannot read what comes");
            if (Reverse) throw Wrong("reverse", true, "false, since a language model cannot read from the end");
            if (Tokenizer == Tokenization.English) throw Wrong("tokenizer", "english", "characters, whitespace or subwords");
            if (TieWeights && EmbeddingSize != HiddenSize) throw Wrong("embedding_size", EmbeddingSize, $"{HiddenSize} (hidden_size) with tie_weights");
        }
        else if (Task == ModelTask.Translator)
        {
            if (Decoder is null) throw new ArgumentException("decoder is missing; expected an object for a translator, such as {}");
            if (Cell == CellKind.Sum) throw Wrong("cell", CellName(), "tanh, relu, gru, gru_before or lstm for a translator");
            if (Tokenizer == Tokenization.English) throw Wrong("tokenizer", "english", "one whose tokens can be put together to a text");
            if (Decoder.HiddenSize is { } size) Positive("decoder.hidden_size", size, MaxHiddenSize);
            Positive("decoder.layers", Decoder.Layers, MaxLayers);
        }
        else
        {
            if (TieWeights) throw Wrong("tie_weights", true, "false but for a language model or a translator");
            ValidateLabels();
        }

        if (Threshold is { } threshold)
        {
            if (Task != ModelTask.Classifier) throw new ArgumentException("threshold is given; expected none (null) but for a classifier");
            if (!(threshold >= 0 && threshold <= 1)) throw Wrong("threshold", threshold, "0 to 1");
        }

        if (Calibration is { } temperature)
        {
            if (Task is not (ModelTask.Classifier or ModelTask.Tagger))
                throw new ArgumentException("calibration is given; expected none (null) but for a classifier or a tagger");
            if (Crf || Tags is not null) throw new ArgumentException("calibration is given; expected none (null) with crf or tags");
            if (!(temperature >= 1 / MaxCalibration && temperature <= MaxCalibration))
                throw Wrong("calibration", temperature, FormattableString.Invariant($"{1 / MaxCalibration} to {MaxCalibration}"));
        }

        ValidateMultiLabel();
        if (Crf && Task != ModelTask.Tagger) throw Wrong("crf", true, "false but for a tagger");
        if (Tags is not null && (Task != ModelTask.Tagger || Numbers is not null)) throw new ArgumentException("tags is given; expected none (null) but for a tagger of text");
        if (Tags is { } tags && !SpanScheme.IsBio(Labels))
            throw Wrong("labels", string.Join(", ", Labels.Take(10)), $"O, and of each type one with B and one with I, with tags {SnakeCase.Of(tags)}");
        if (Decoder is not null && Task != ModelTask.Translator)
            throw new ArgumentException("decoder is given; expected none (null) but for a translator");
        if (Bidirectional && Reverse) throw Wrong("reverse", true, "false with bidirectional");
        if (Characters is { } characters)
        {
            if (Task != ModelTask.Tagger) throw new ArgumentException("characters is given; expected none (null), since only a tagger spells words out");
            if (Tokenizer == Tokenization.Characters)
                throw new ArgumentException("characters is given; expected none (null), since a tagger over characters has no words to spell out");
            if (Tokenizer == Tokenization.Subwords)
                throw new ArgumentException("characters is given; expected none (null), since a tagger over subwords reads spellings already");
            Positive("characters.embedding_size", characters.EmbeddingSize, MaxEmbeddingSize);
            Positive("characters.hidden_size", characters.HiddenSize, MaxEmbeddingSize);
        }

        if (Base is { } under)
        {
            if (Task is not (ModelTask.Classifier or ModelTask.Tagger) || Numbers is not null)
                throw new ArgumentException("base is given; expected none (null) but for a classifier or a tagger of text");
            if (Characters is not null) throw new ArgumentException("base is given; expected none (null) with characters");
            if (Cell == CellKind.Sum) throw new ArgumentException("base is given; expected none (null) with the cell sum");
            Positive("base.layers", under.Layers, MaxLayers);
            Positive("base.hidden_size", under.HiddenSize, MaxHiddenSize);
        }

        if (Examples.Any(string.IsNullOrEmpty)) throw new ArgumentException("examples holds an empty one; expected a character or more in each");
        if (ChatTemplate?.Contains(ChatContent, StringComparison.Ordinal) == false)
            throw new ArgumentException($"chat_template holds no {ChatContent}; expected a text with it, such as \"{ChatRole}: {ChatContent}\\n\"");
        Generation?.Validate();
        foreach (var (name, value) in Metrics)
        {
            if (!double.IsFinite(value)) throw Wrong($"metrics.{name}", value, "a finite number");
        }
    }

    private void ValidateText()
    {
        if (Tokenizer == Tokenization.None) throw new ArgumentException("tokenizer is missing; expected one, or numbers");
        if (Task is ModelTask.Regressor or ModelTask.Forecaster or ModelTask.Transcriber)
            throw new ArgumentException($"numbers is missing; expected it, since a {SnakeCase.Of(Task)} reads numbers");
        if (EmbeddingSize == 0) throw Wrong("embedding_size", 0, $"1 to {MaxEmbeddingSize} (0 goes with numbers)");
        Positive("embedding_size", EmbeddingSize, MaxEmbeddingSize);
    }

    private void ValidateNumbers(NumbersConfig numbers)
    {
        if (Task is ModelTask.LanguageModel or ModelTask.Translator)
            throw new ArgumentException($"numbers is given; expected none (null), since a {SnakeCase.Of(Task)} reads text");
        if (Tokenizer != Tokenization.None) throw Wrong("tokenizer", SnakeCase.Of(Tokenizer), "none (left out), since the model reads numbers");
        if (EmbeddingSize != 0) throw Wrong("embedding_size", EmbeddingSize, "none (left out), since the model reads numbers");
        if (Characters is not null) throw new ArgumentException("characters is given; expected none (null), since the model reads numbers");
        if (Task == ModelTask.Forecaster && Direction != Direction.Forward)
            throw Wrong(Bidirectional ? "bidirectional" : "reverse", true, "false, since a forecaster cannot read what comes");
        numbers.Validate(Task);
    }

    private void ValidateLabels()
    {
        if (Task == ModelTask.Forecaster)
        {
            if (Labels.Count > 0) throw Wrong("labels", Labels.Count, "none, since a forecaster tells the values that it reads");
            return;
        }

        bool one = Task is ModelTask.Regressor or ModelTask.Transcriber;
        if (Labels.Count < (one ? 1 : 2)) throw Wrong("labels", Labels.Count, one ? "one or more" : "two or more");
        if (Labels.Any(string.IsNullOrEmpty)) throw new ArgumentException("labels holds an empty one; expected a character or more in each");
        if (Labels.Distinct().Count() != Labels.Count) throw new ArgumentException("labels repeat; expected each once");
    }

    private void ValidateMultiLabel()
    {
        if (RejectLabel is not null)
        {
            if (Task != ModelTask.Classifier || Numbers is not null || MultiLabel is true)
                throw new ArgumentException("reject_label is given; expected none (null) but for a classifier of texts with one label each");
            if (RejectLabel.Length == 0) throw new ArgumentException("reject_label is empty; expected a name, or none (null)");
            if (Labels.Contains(RejectLabel)) throw Wrong("reject_label", RejectLabel, "none of labels");
        }

        if (MultiLabel is true && (Task != ModelTask.Classifier || Numbers is not null))
            throw Wrong("multi_label", "true", "false but for a classifier of texts");
        if (Thresholds is null) return;
        if (MultiLabel is not true) throw new ArgumentException("thresholds is given; expected none (null) but with multi_label; threshold is for all labels");
        if (Labels.Count > 0 && Thresholds.Count != Labels.Count) throw Wrong("thresholds", $"{Thresholds.Count} numbers", $"{Labels.Count}, one a label");
        for (int i = 0; i < Thresholds.Count; i++)
        {
            if (!(Thresholds[i] >= 0 && Thresholds[i] <= 1)) throw Wrong($"thresholds[{i}]", Thresholds[i], "0 to 1");
        }
    }

    private static void Positive(string name, int found, int most)
    {
        if (found < 1 || found > most) throw Wrong(name, found, $"1 to {most}");
    }

    private static ArgumentException Wrong(string name, object found, string expected) =>
        new(FormattableString.Invariant($"{name} is {found}; expected {expected}"));
}
