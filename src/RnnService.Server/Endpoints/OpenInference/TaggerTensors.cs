using System.Text.Json;
using RnnService.AspNetCore.Models;
using RnnService.Server.Options;
using RnnService.Server.Requests;

namespace RnnService.Server.Endpoints.OpenInference;

/// <summary>How tagged texts are answered as tensors.</summary>
internal sealed record TaggerTensorParameters : TagParameters, ITensorParameters
{
    /// <inheritdoc/>
    public bool? BinaryDataOutput { get; init; }
}

/// <summary>
/// Each text's labelled pieces: as the JSON that /tag answers with, and as numbers, the pieces of all texts one after the other with the
/// number of each text's.
/// </summary>
internal sealed class TaggerTensors(ServedTagger served, LimitOptions limits) : ModelTensors<TaggerTensorParameters>(served)
{
    public override IReadOnlyList<string> Labels => served.Model.Labels;

    public override IReadOnlyList<TensorMetadata> Outputs =>
    [
        new("tags", Tensor.Text, Any), new("lengths", Tensor.Int, Any), new("label", Tensor.Text, Any), new("score", Tensor.Float, Any),
        new("start", Tensor.Int, Any), new("end", Tensor.Int, Any),
    ];

    protected override async Task<IReadOnlyList<Tensor>> ComputeAsync(InferenceCall call, string[] texts, TaggerTensorParameters parameters)
    {
        var request = new TagRequest { Inputs = new Texts(texts, IsList: true), Parameters = parameters };
        object[] answers = await TagEndpoints.AnswersAsync(call, served, request, limits);
        List<TaggedText>[] tags = [.. answers.Select(Answered<List<TaggedText>>)];
        TaggedText[] pieces = [.. tags.SelectMany(text => text)];
        return
        [
            Tensor.Of("tags", [.. tags.Select(text => JsonSerializer.Serialize(text, Json.Options))]),
            Tensor.Of("lengths", [.. tags.Select(text => text.Count)]),
            Tensor.Of("label", [.. pieces.Select(piece => piece.EntityGroup ?? piece.Entity!)]),
            Tensor.Of("score", [.. pieces.Select(piece => piece.Score)]),
            Tensor.Of("start", [.. pieces.Select(piece => piece.Start)]),
            Tensor.Of("end", [.. pieces.Select(piece => piece.End)]),
        ];
    }
}
