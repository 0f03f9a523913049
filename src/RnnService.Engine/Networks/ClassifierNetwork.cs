using System.Numerics.Tensors;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Networks;

/// <summary>Embedding, recurrent layers, pooling and output layer of a <see cref="Classifier"/>, forward and backward.</summary>
internal sealed class ClassifierNetwork : NativeNetwork, IClassifierNetwork
{
    private readonly Embedding _embedding;
    private readonly Recurrent _recurrent;
    private readonly Linear _head;

    public ClassifierNetwork(ModelConfig config, ModelVocabulary vocabulary, Parameters parameters)
        : base(config, parameters)
    {
        _embedding = new Embedding(parameters, "embedding", vocabulary.Tokens.Count, config.EmbeddingSize);
        _recurrent = NewRecurrent(config.EmbeddingSize, _embedding);
        _head = new Linear(parameters, "head", _recurrent.OutputSize, config.Labels.Count);
    }

    public void Forward(IReadOnlyList<int[]> texts, LogitsReader logits, Action? betweenSteps = null)
    {
        Pass pass = Begin(betweenSteps);
        try
        {
            (BatchLayout layout, Memory<int> ids) = Lay(pass, Rows(texts));
            Memory<float> output = _recurrent.Read(pass, layout, ids, _recurrent.NewState(layout.Batch));
            int width = _recurrent.OutputSize, labels = _head.Outputs;
            Span<float> pooled = pass.Workspace.Take(layout.Batch * width).Span, results = pass.Workspace.Take(layout.Batch * labels).Span;
            Pool.Forward(Config.Pooling, layout, output.Span, Config.Direction, pooled);
            _head.Forward(layout.Batch, pooled, results, pass.Threads);
            for (int i = 0; i < texts.Count; i++) logits(i, 0, results.Slice(i * labels, labels));
        }
        finally
        {
            End(pass);
        }
    }

    /// <summary>Logits of every text, dropout included, and what backward needs.</summary>
    public Trace Forward(Pass pass, IReadOnlyList<int[]> texts, DropoutRates rates)
    {
        (BatchLayout layout, Memory<int> ids) = Lay(pass, Rows(texts));
        Memory<float>? inputMask = pass.Mask(layout.Batch, _embedding.Size, rates.Embedding);
        Recurrent.Run run;
        if (inputMask is { } mask)
        {
            Memory<float> embedded = pass.Workspace.Take(layout.Rows * _embedding.Size);
            _embedding.Forward(ids.Span, embedded.Span, _embedding.Size);
            Dropout.Apply(layout, mask.Span, embedded.Span);
            run = _recurrent.Forward(pass, layout, embedded, _recurrent.NewState(layout.Batch), rates.Between);
        }
        else
        {
            run = _recurrent.ForwardTokens(pass, layout, ids, _recurrent.NewState(layout.Batch), rates.Between);
        }


        int width = _recurrent.OutputSize;
        Memory<float> pooled = pass.Workspace.Take(layout.Batch * width), features = pass.Workspace.Take(layout.Batch * width);
        Pool.Forward(Config.Pooling, layout, run.Output.Span, Config.Direction, pooled.Span);
        Memory<float>? outputMask = pass.Mask(layout.Batch, width, rates.Output);
        pooled.CopyTo(features);
        if (outputMask is { } last) TensorPrimitives.Multiply(pooled.Span, last.Span, features.Span);
        Memory<float> logits = pass.Workspace.Take(layout.Batch * _head.Outputs);
        _head.Forward(layout.Batch, features.Span, logits.Span);
        return new Trace(layout, ids, run, pooled, features, logits, inputMask, outputMask);
    }

    /// <summary>Backward from the gradient of the logits [N,labels].</summary>
    public void Backward(Pass pass, Trace trace, ReadOnlySpan<float> dLogits, Gradients gradients)
    {
        BatchLayout layout = trace.Layout;
        int width = _recurrent.OutputSize;
        Span<float> dPooled = pass.Workspace.Take(layout.Batch * width).Span;
        _head.Backward(layout.Batch, trace.Features.Span, dLogits, dPooled, gradients, pass.Workspace);
        if (trace.OutputMask is { } last) TensorPrimitives.Multiply(dPooled, last.Span, dPooled);
        Memory<float> dHidden = pass.Workspace.Take(layout.Rows * width);
        Pool.Backward(Config.Pooling, layout, trace.Run.Output.Span, trace.Pooled.Span, dPooled, Config.Direction, dHidden.Span);
        Memory<float> dInput = _recurrent.Backward(pass, trace.Run, dHidden, _recurrent.NewState(layout.Batch), gradients);
        if (trace.InputMask is not { } mask) return; // tokens were read, and their embedding has its gradient
        Dropout.Apply(layout, mask.Span, dInput.Span);
        _embedding.Backward(trace.Ids.Span, dInput.Span, _embedding.Size, gradients);
    }

    public override void Refresh()
    {
        _recurrent.Refresh();
        _head.Refresh();
    }

    private static ReadOnlyMemory<int>[] Rows(IReadOnlyList<int[]> texts) => [.. texts.Select(text => text.AsMemory())];

    /// <summary>What forward left: logits [N,labels] and what backward needs.</summary>
    internal sealed record Trace(
        BatchLayout Layout, ReadOnlyMemory<int> Ids, Recurrent.Run Run, Memory<float> Pooled, Memory<float> Features, Memory<float> Logits,
        Memory<float>? InputMask, Memory<float>? OutputMask);
}
