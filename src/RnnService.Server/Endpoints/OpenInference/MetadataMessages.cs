using System.Text.Json.Serialization;

namespace RnnService.Server.Endpoints.OpenInference;

/// <summary>What the service is.</summary>
internal sealed record ServerMetadata
{
    /// <summary>rnnservice.</summary>
    public required string Name { get; init; }

    /// <summary>Its version.</summary>
    public required string Version { get; init; }

    /// <summary>Parts of the protocol beyond its core that it answers.</summary>
    public required IReadOnlyList<string> Extensions { get; init; }
}

/// <summary>What a model takes and answers.</summary>
internal sealed record ModelMetadata
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Its only version.</summary>
    public required IReadOnlyList<string> Versions { get; init; }

    /// <summary>What computes it: rnnservice_native or rnnservice_onnxruntime.</summary>
    public required string Platform { get; init; }

    /// <summary>What it takes.</summary>
    public required IReadOnlyList<TensorMetadata> Inputs { get; init; }

    /// <summary>What it answers.</summary>
    public required IReadOnlyList<TensorMetadata> Outputs { get; init; }

    /// <summary>What else there is to know.</summary>
    public required ModelFacts Parameters { get; init; }
}

/// <summary>A tensor that a model takes or answers.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Datatype">BYTES, FP32, INT32 or UINT64.</param>
/// <param name="Shape">Its sizes; -1 for one that is another with each request.</param>
internal sealed record TensorMetadata(string Name, string Datatype, params IReadOnlyList<long> Shape);

/// <summary>What the protocol has no place for.</summary>
internal sealed record ModelFacts
{
    /// <summary>language_model, classifier or tagger.</summary>
    public required string Task { get; init; }

    /// <summary>The labels in the order of scores; none for a language model.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Labels { get; init; }
}

/// <summary>Whether the process works.</summary>
internal sealed record LiveAnswer(bool Live);

/// <summary>Whether requests are answered.</summary>
internal sealed record ReadyAnswer(bool Ready);

/// <summary>Whether a model answers.</summary>
internal sealed record ModelReadyAnswer(string Name, bool Ready);
