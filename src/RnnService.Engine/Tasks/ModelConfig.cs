using RnnService.Engine.Cells;

namespace RnnService.Engine.Tasks;

/// <summary>What a model does with text.</summary>
public enum ModelTask
{
    /// <summary>Continues a text, token by token.</summary>
    LanguageModel,

    /// <summary>Gives a whole text one label.</summary>
    Classifier,

    /// <summary>Gives every word a label.</summary>
    Tagger,
}

/// <summary>How a classifier makes one vector of all steps.</summary>
public enum Pooling
{
    /// <summary>The last state of each direction.</summary>
    Last,

    /// <summary>The mean over time.</summary>
    Mean,

    /// <summary>The largest value over time, unit by unit.</summary>
    Max,
}

/// <summary>How text becomes tokens.</summary>
public enum Tokenization
{
    /// <summary>One token a Unicode code point.</summary>
    Characters,

    /// <summary>White space separates tokens; a line break is the end token.</summary>
    Whitespace,

    /// <summary>English words and punctuation as in the Universal Dependencies treebanks.</summary>
    English,
}

/// <summary>Sizes of the character network that spells words out for a tagger.</summary>
public sealed record CharacterConfig
{
    /// <summary>Width of a character's embedding.</summary>
    public int EmbeddingSize { get; init; } = 50;

    /// <summary>Width of each direction's state (the word gets twice that).</summary>
    public int HiddenSize { get; init; } = 50;
}

/// <summary>Everything about a model but its vocabulary and weights: <c>config.json</c>. See docs/model-format.md.</summary>
public sealed record ModelConfig
{
    /// <summary>The one version this engine reads and writes.</summary>
    public const int CurrentFormat = 1;

    /// <summary>Version of the folder's format.</summary>
    public int FormatVersion { get; init; } = CurrentFormat;

    /// <summary>What the model does.</summary>
    public required ModelTask Task { get; init; }

    /// <summary>The recurrence.</summary>
    public required CellKind Cell { get; init; }

    /// <summary>How text becomes tokens.</summary>
    public required Tokenization Tokenizer { get; init; }

    /// <summary>Whether words are lower-cased before they are looked up.</summary>
    public bool LowerCase { get; init; }

    /// <summary>Width of a token's embedding (D).</summary>
    public required int EmbeddingSize { get; init; }

    /// <summary>Width of the state (H).</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Number of stacked layers.</summary>
    public int Layers { get; init; } = 1;

    /// <summary>Whether each layer also reads from the end; never for a language model.</summary>
    public bool Bidirectional { get; init; }

    /// <summary>Whether a language model's output matrix is its embedding; needs equal widths.</summary>
    public bool TieWeights { get; init; }

    /// <summary>How a classifier pools over time.</summary>
    public Pooling Pooling { get; init; } = Pooling.Last;

    /// <summary>The character network of a tagger, if any.</summary>
    public CharacterConfig? Characters { get; init; }

    /// <summary>Names of the labels in id order; empty for a language model.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>What a language model's callers get when they ask for nothing else.</summary>
    public GenerationOptions? Generation { get; init; }

    /// <summary>One sentence about the model.</summary>
    public string? Description { get; init; }

    /// <summary>Licence of the weights (SPDX where there is one).</summary>
    public string? License { get; init; }

    /// <summary>Measured scores by name.</summary>
    public IReadOnlyDictionary<string, double> Metrics { get; init; } = new Dictionary<string, double>();
}
