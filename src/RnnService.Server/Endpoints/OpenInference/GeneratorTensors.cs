using RnnService.AspNetCore.Models;
using RnnService.Engine.Generation;

namespace RnnService.Server.Endpoints.OpenInference;

/// <summary>How texts that a model writes are answered as tensors.</summary>
internal sealed record GeneratorTensorParameters : GenerateParameters, ITensorParameters
{
    /// <inheritdoc/>
    public bool? BinaryDataOutput { get; init; }
}

/// <summary>Each text's continuation or translation, and how it came about.</summary>
internal sealed class GeneratorTensors(ServedGenerator served, GenerateTools tools) : ModelTensors<GeneratorTensorParameters>(served)
{
    /// <summary>About the bytes of a token in the answer, escaped in JSON.</summary>
    private const int BytesOfToken = 12;

    public override IReadOnlyList<TensorMetadata> Outputs =>
    [
        new("generated_text", Tensor.Text, Any), new("finish_reason", Tensor.Text, Any), new("generated_tokens", Tensor.Int, Any),
        new("seed", Tensor.Unsigned, Any),
    ];

    protected override async Task<IReadOnlyList<Tensor>> ComputeAsync(InferenceCall call, string[] texts, GeneratorTensorParameters parameters)
    {
        ThrowIfAsked(parameters.Details ?? false, "details");
        ThrowIfAsked(parameters.DecoderInputDetails ?? false, "decoder_input_details");
        ThrowIfAsked(parameters.TopNTokens > 0, "top_n_tokens");
        ThrowIfAsked(parameters.Activations is not null, "activations");
        ThrowIfAsked(parameters.NumReturnSequences > 1, "num_return_sequences");
        GenerationOptions options = GenerateParameters.Over(served.Model, parameters, tools.Limits);
        GenerationInput[] inputs = [.. texts.Select((text, index) => new GenerationInput(text, options, $"inputs[0].data[{index}]"))];
        await call.HoldAnswerAsync((long)texts.Length * options.MaxNewTokens * BytesOfToken);
        IReadOnlyList<GenerationStream> ended = await tools.Path.EndedAsync(call, tools.Path.Start(call, served, inputs, readsAlong: false));
        bool whole = parameters.ReturnFullText ?? false;
        return
        [
            Tensor.Of("generated_text", [.. ended.Select((stream, index) => whole ? texts[index] + stream.Text : stream.Text)]),
            Tensor.Of("finish_reason", [.. ended.Select(StreamDetails.ReasonOf)]),
            Tensor.Of("generated_tokens", [.. ended.Select(stream => stream.Tokens.Count)]),
            Tensor.Of("seed", [.. ended.Select(stream => stream.Seed)]),
        ];
    }
}
