using System.Text.Json.Serialization;
using RnnService.AspNetCore.Models;
using RnnService.Engine.Models;
using RnnService.Engine.Text;

namespace RnnService.Server.Models;

/// <summary>What is known about a model.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
internal sealed record ModelCard
{
    /// <summary>The name that requests give as model.</summary>
    public required string Name { get; init; }

    /// <summary>loading, ready, broken or unloaded.</summary>
    public required string Status { get; init; }

    /// <summary>Why it is not served; of one that is ready, why what its folder holds now is not.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Reason { get; init; }

    /// <summary>language_model, classifier, tagger, translator, regressor, forecaster or transcriber.</summary>
    public string? Task { get; init; }

    /// <summary>The route that uses it.</summary>
    public string? Route { get; init; }

    /// <summary>Whether it answers on that route when a request names no model.</summary>
    public bool Default { get; init; }

    /// <summary>What computes it: native or onnxruntime.</summary>
    public string? Backend { get; init; }

    /// <summary>How narrow its weights are: f32, f16, bf16 or int8; nothing for onnxruntime.</summary>
    public string? Dtype { get; init; }

    /// <summary>One sentence about it.</summary>
    public string? Description { get; init; }

    /// <summary>The recurrence: tanh, relu, gru, gru_before, lstm or sum.</summary>
    public string? Cell { get; init; }

    /// <summary>How text becomes tokens: characters, whitespace, english or subwords.</summary>
    public string? Tokenizer { get; init; }

    /// <summary>Width of a token's embedding.</summary>
    public int? EmbeddingSize { get; init; }

    /// <summary>Width of the state.</summary>
    public int? HiddenSize { get; init; }

    /// <summary>Number of stacked layers.</summary>
    public int? Layers { get; init; }

    /// <summary>Whether it also reads from the end.</summary>
    public bool? Bidirectional { get; init; }

    /// <summary>Whether it reads from the end alone.</summary>
    public bool? Reverse { get; init; }

    /// <summary>How a translator attends to what it has read: additive, multiplicative or none; nothing for others.</summary>
    public string? Attention { get; init; }

    /// <summary>What it reads where it reads numbers, as its config.json has it; nothing for others.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public NumbersConfig? Numbers { get; init; }

    /// <summary>Names of the labels; empty for what writes texts.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>Whether a text has any number of the labels, each with a probability by itself; left out where it has one.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? MultiLabel { get; init; }

    /// <summary>The scores from which labels are answered, in the order of labels; left out where all are.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<float>? Thresholds { get; init; }

    /// <summary>Texts to try it with; may be empty.</summary>
    public IReadOnlyList<string> Examples { get; init; } = [];

    /// <summary>Number of trained values.</summary>
    public long? Parameters { get; init; }

    /// <summary>Size of the weight file.</summary>
    public long? Bytes { get; init; }

    /// <summary>Hash of the weight file.</summary>
    public string? Sha256 { get; init; }

    /// <summary>Licence of the weights.</summary>
    public string? License { get; init; }

    /// <summary>Measured scores by name.</summary>
    public IReadOnlyDictionary<string, double> Metrics { get; init; } = new Dictionary<string, double>();

    /// <summary>Names of the files that /models/{name}/files/{file} hands out.</summary>
    public IReadOnlyList<string> Files { get; init; } = [];

    public static ModelCard Of(ModelEntry entry, ModelRegistry registry)
    {
        var card = new ModelCard { Name = entry.Name, Status = SnakeCase.Of(entry.State), Reason = entry.Reason };
        if (entry.Loaded is not { } loaded) return card;
        ModelConfig config = loaded.Model.Config;
        var kind = ModelKind.Of(config);
        return card with
        {
            Task = ModelTasks.NameOf(config.Task),
            Route = RouteOf(config.Task),
            Default = registry.Models.Default(kind)?.Name == entry.Name && !IsBehind(kind, registry.Models),
            Backend = loaded.Model.Network.Backend,
            Dtype = loaded.Dtype,
            Description = config.Description,
            Cell = config.CellName(),
            Tokenizer = config.Numbers is null ? SnakeCase.Of(config.Tokenizer) : null,
            EmbeddingSize = config.Numbers is null ? config.EmbeddingSize : null,
            HiddenSize = config.HiddenSize,
            Layers = config.Layers,
            Bidirectional = config.Bidirectional,
            Reverse = config.Reverse,
            Attention = config.Decoder is { } decoder ? SnakeCase.Of(decoder.Attention) : null,
            Numbers = config.Numbers,
            Labels = config.Labels,
            MultiLabel = config.MultiLabel is true ? true : null,
            Thresholds = config.MultiLabel is true || config.Threshold is not null ? [.. config.Labels.Select((_, label) => config.ThresholdOf(label))] : null,
            Examples = config.Examples,
            Parameters = loaded.Parameters,
            Bytes = loaded.Bytes,
            Sha256 = loaded.Sha256,
            License = config.License,
            Metrics = config.Metrics,
            Files = [.. entry.Files.Keys],
        };
    }

    public static string RouteOf(ModelTask task) => task switch
    {
        ModelTask.LanguageModel or ModelTask.Translator => "/generate",
        ModelTask.Classifier => "/classify",
        ModelTask.Transcriber => "/transcribe",
        ModelTask.Regressor or ModelTask.Forecaster => "/predict",
        _ => "/tag",
    };

    /// <summary>Whether a kind of the same route that comes first answers requests that name no model.</summary>
    public static bool IsBehind(ModelKind kind, ModelSet models) => ModelKind.All.TakeWhile(one => one != kind)
        .Any(one => one.ReadsNumbers == kind.ReadsNumbers && RouteOf(one.Task) == RouteOf(kind.Task) && models.Default(one) is not null);
}
