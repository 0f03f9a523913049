using System.Text.Json;
using System.Text.Json.Serialization;
using RnnService.Server.Requests;

namespace RnnService.Server.Endpoints.OpenInference;

/// <summary>Tensors to compute with.</summary>
internal sealed record InferRequest
{
    /// <summary>Stands in the answer.</summary>
    public string? Id { get; init; }

    /// <summary>Of a classifier function_to_apply, of a tagger and a language model those of /tag and /generate; binary_data_output for all outputs.</summary>
    public JsonElement? Parameters { get; init; }

    /// <summary>The texts as the only tensor; or values FP32 [n, steps, features], and lengths INT32 [n] where sequences are shorter.</summary>
    [Count(1, 16)]
    public required IReadOnlyList<InputTensorRequest> Inputs { get; init; }

    /// <summary>The outputs to answer with; all when left out.</summary>
    [Count(0, 16)]
    public IReadOnlyList<OutputTensorRequest>? Outputs { get; init; }
}

/// <summary>A tensor that is sent.</summary>
internal sealed record InputTensorRequest
{
    /// <summary>text, values or lengths.</summary>
    public required string Name { get; init; }

    /// <summary>The number of texts, or that and 1; of values the numbers of sequences, steps and features.</summary>
    [Count(1, 8), Value(0, int.MaxValue)]
    public required IReadOnlyList<long> Shape { get; init; }

    /// <summary>BYTES, FP32 or INT32.</summary>
    public required string Datatype { get; init; }

    /// <summary>Where its elements are.</summary>
    public InputTensorParameters? Parameters { get; init; }

    /// <summary>The texts or numbers, nested as the shape says or in one list.</summary>
    [Count(0, int.MaxValue)]
    public JsonElement? Data { get; init; }
}

/// <summary>Where a tensor's elements are.</summary>
internal sealed record InputTensorParameters
{
    /// <summary>Bytes after the JSON that are the elements, texts each after its length in four bytes, the lowest first; instead of data.</summary>
    [Value(0, int.MaxValue)]
    public long? BinaryDataSize { get; init; }

    /// <summary>What some clients say of texts; changes nothing.</summary>
    [OneOf("\"str\"", "\"np\"")]
    public string? ContentType { get; init; }
}

/// <summary>An output to answer with.</summary>
internal sealed record OutputTensorRequest
{
    /// <summary>Its name, one of the model's description.</summary>
    public required string Name { get; init; }

    /// <summary>How to answer.</summary>
    public OutputTensorParameters? Parameters { get; init; }
}

/// <summary>How an output is answered.</summary>
internal sealed record OutputTensorParameters
{
    /// <summary>Whether its elements are bytes after the JSON. Left out: as binary_data_output says.</summary>
    public bool? BinaryData { get; init; }

    /// <summary>Not supported; accepted when 0.</summary>
    [OneOf("0", Extra = true)]
    public long? Classification { get; init; }
}

/// <summary>Computed tensors.</summary>
internal sealed record InferAnswer
{
    /// <summary>The model.</summary>
    public required string ModelName { get; init; }

    /// <summary>1: a model that is replaced keeps its version.</summary>
    public required string ModelVersion { get; init; }

    /// <summary>The request's.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Id { get; init; }

    /// <summary>The outputs asked for, in that order.</summary>
    public required IReadOnlyList<OutputTensor> Outputs { get; init; }
}

/// <summary>A computed tensor.</summary>
internal sealed record OutputTensor
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>BYTES, FP32, INT32 or UINT64.</summary>
    public required string Datatype { get; init; }

    /// <summary>Its sizes.</summary>
    public required IReadOnlyList<long> Shape { get; init; }

    /// <summary>Where its elements are, when they are not data.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public BinaryDataSize? Parameters { get; init; }

    /// <summary>Its elements in one list, row by row.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<object>? Data { get; init; }
}

/// <summary>Where a tensor's elements are.</summary>
/// <param name="Bytes">Bytes after the JSON, those of each output after those of the one before.</param>
internal sealed record BinaryDataSize([property: JsonPropertyName("binary_data_size")] int Bytes);
