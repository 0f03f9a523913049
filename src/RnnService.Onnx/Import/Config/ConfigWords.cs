using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Text;

namespace RnnService.Onnx.Import.Config;

/// <summary>The words of a configuration: those of config.json, and those that users of PyTorch and Hugging Face write instead.</summary>
internal static class ConfigWords
{
    /// <summary>The fields there are.</summary>
    public static readonly string[] Fields =
    [
        "format_version", "task", "cell", "tokenizer", "lower_case", "embedding_size", "hidden_size", "layers", "bidirectional", "reverse",
        "tie_weights", "pooling", "crf", "tags", "characters", "base", "labels", "generation", "description", "license", "metrics", "examples", "vocab_size", "num_labels",
        "id2label", "label2id", "unk_token_id", "pad_token_id", "eos_token_id",
        "problem_type", "output_name", "numbers",
    ];

    /// <summary>Field by the name it has elsewhere.</summary>
    public static readonly Dictionary<string, string> OtherNames = new(StringComparer.Ordinal)
    {
        ["rnn_type"] = "cell",
        ["embedding_dim"] = "embedding_size",
        ["hidden_dim"] = "hidden_size",
        ["num_layers"] = "layers",
        ["num_hidden_layers"] = "layers",
        ["tie_word_embeddings"] = "tie_weights",
        ["do_lower_case"] = "lower_case",
        ["padding_idx"] = "pad_token_id",
    };

    /// <summary>What matters in training alone, or says nothing that the weights do not say.</summary>
    public static readonly string[] WithoutEffect =
    [
        "architectures", "model_type", "dropout", "embedding_dropout", "hidden_dropout_prob", "classifier_dropout", "bias", "batch_first",
        "initializer_range", "use_cache", "torch_dtype", "dtype", "transformers_version", "_name_or_path", "bos_token_id",
    ];

    // Words are compared in lower case and with _ for -.

    public static readonly Dictionary<string, ModelTask> Tasks = new(StringComparer.Ordinal)
    {
        ["text_generation"] = ModelTask.LanguageModel,
        ["text_classification"] = ModelTask.Classifier,
        ["token_classification"] = ModelTask.Tagger,
        ["language_model"] = ModelTask.LanguageModel,
        ["classifier"] = ModelTask.Classifier,
        ["tagger"] = ModelTask.Tagger,
        ["regressor"] = ModelTask.Regressor,
        ["forecaster"] = ModelTask.Forecaster,
        ["transcriber"] = ModelTask.Transcriber,
    };

    /// <summary>A word may stand for several cells: then the network's facts choose, and without them it is the first.</summary>
    public static readonly Dictionary<string, CellKind[]> Cells = new(StringComparer.Ordinal)
    {
        ["rnn"] = [CellKind.Tanh, CellKind.Relu],
        ["rnn_tanh"] = [CellKind.Tanh],
        ["rnn_relu"] = [CellKind.Relu],
        ["gru"] = [CellKind.Gru, CellKind.GruBefore],
        ["lstm"] = [CellKind.Lstm],
        ["tanh"] = [CellKind.Tanh],
        ["relu"] = [CellKind.Relu],
        ["gru_before"] = [CellKind.GruBefore],
        ["sum"] = [CellKind.Sum],
    };

    public static readonly Dictionary<string, Tokenization> Tokenizers = new(StringComparer.Ordinal)
    {
        ["characters"] = Tokenization.Characters,
        ["whitespace"] = Tokenization.Whitespace,
        ["english"] = Tokenization.English,
    };

    public static readonly Dictionary<string, SpanTags> Tags = Enum.GetValues<SpanTags>().ToDictionary(tags => SnakeCase.Of(tags), StringComparer.Ordinal);

    public static readonly Dictionary<string, Pooling> Poolings = new(StringComparer.Ordinal)
    {
        ["last"] = Pooling.Last,
        ["mean"] = Pooling.Mean,
        ["max"] = Pooling.Max,
        ["concat"] = Pooling.Concat,
        ["attention"] = Pooling.Attention,
    };
}
