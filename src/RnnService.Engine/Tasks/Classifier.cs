using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Tasks;

/// <summary>Gives a text one label. Immutable and safe for any number of threads.</summary>
public sealed class Classifier : TextModel
{
    private readonly Embedding _embedding;
    private readonly Recurrent _recurrent;
    private readonly Linear _head;

    internal Classifier(ModelConfig config, ModelVocabulary vocabulary, Parameters parameters)
        : base(config, vocabulary, parameters)
    {
        _embedding = new Embedding(parameters, "embedding", vocabulary.Tokens.Count, config.EmbeddingSize);
        _recurrent = NewRecurrent(parameters, config.EmbeddingSize);
        _head = new Linear(parameters, "head", _recurrent.OutputSize, config.Labels.Count);
    }

    private int Directions => Config.Bidirectional ? 2 : 1;

    /// <summary>The ids of a text's tokens; a text without any gets the unknown id.</summary>
    public int[] Encode(string text)
    {
        int[] ids = [.. Config.Tokenize(text).Select(token => Vocabulary.Tokens.IdOf(Config.Normalize(token.Text)))];
        return ids.Length > 0 ? ids : [Vocabulary.Tokens.UnknownId];
    }

    /// <summary>
    /// Probabilities of all labels for each text: [N][labels], in the labels' order. A text's figures do not depend on its company.
    /// </summary>
    /// <param name="texts">Texts from <see cref="Encode"/>, none empty.</param>
    public float[][] Classify(IReadOnlyList<int[]> texts)
    {
        if (texts.Count == 0) return [];
        return Infer(pass =>
        {
            Trace trace = Forward(pass, texts, new DropoutRates());
            int labels = Config.Labels.Count;
            float[][] result = new float[texts.Count][];
            for (int i = 0; i < result.Length; i++)
            {
                result[i] = trace.Logits.Slice(i * labels, labels).ToArray();
                Activations.Softmax(result[i]);
            }

            return result;
        });
    }

    /// <inheritdoc/>
    public override ModelAnswer Answer(string input)
    {
        float[] scores = Classify([Encode(input)])[0];
        int[] order = [.. Enumerable.Range(0, scores.Length).OrderByDescending(label => scores[label])];
        return new ModelAnswer([.. order.Select(label => Config.Labels[label])], [.. order.Select(label => scores[label])]);
    }

    /// <summary>Logits of every text.</summary>
    internal Trace Forward(Pass pass, IReadOnlyList<int[]> texts, DropoutRates rates)
    {
        BatchLayout layout = BatchLayout.Of([.. texts.Select(text => text.Length)]);
        int[] ids = new int[layout.Rows];
        for (int i = 0; i < texts.Count; i++)
        {
            for (int t = 0; t < texts[i].Length; t++) ids[layout.RowOf(i, t)] = texts[i][t];
        }

        Memory<float> embedded = pass.Workspace.Take(layout.Rows * _embedding.Size);
        _embedding.Forward(ids, embedded.Span, _embedding.Size);
        Memory<float>? inputMask = pass.Mask(layout.Batch, _embedding.Size, rates.Embedding);
        if (inputMask is { } mask) Dropout.Apply(layout, mask.Span, embedded.Span);
        Recurrent.Run run = _recurrent.Forward(pass, layout, embedded, _recurrent.NewState(layout.Batch), rates.Between);

        int width = _recurrent.OutputSize;
        Memory<float> pooled = pass.Workspace.Take(layout.Batch * width), features = pass.Workspace.Take(layout.Batch * width);
        Pool.Forward(Config.Pooling, layout, run.Output.Span, Directions, pooled.Span);
        Memory<float>? outputMask = pass.Mask(layout.Batch, width, rates.Output);
        pooled.CopyTo(features);
        if (outputMask is { } last) System.Numerics.Tensors.TensorPrimitives.Multiply(pooled.Span, last.Span, features.Span);
        Memory<float> logits = pass.Workspace.Take(layout.Batch * _head.Outputs);
        _head.Forward(layout.Batch, features.Span, logits.Span);
        return new Trace(layout, ids, run, pooled, features, logits, inputMask, outputMask);
    }

    /// <summary>The way back from the gradient of the logits [N,labels].</summary>
    internal void Backward(Pass pass, Trace trace, ReadOnlySpan<float> dLogits, Gradients gradients)
    {
        BatchLayout layout = trace.Layout;
        int width = _recurrent.OutputSize;
        Span<float> dPooled = pass.Workspace.Take(layout.Batch * width).Span;
        _head.Backward(layout.Batch, trace.Features.Span, dLogits, dPooled, gradients, pass.Workspace);
        if (trace.OutputMask is { } last) System.Numerics.Tensors.TensorPrimitives.Multiply(dPooled, last.Span, dPooled);
        Memory<float> dHidden = pass.Workspace.Take(layout.Rows * width);
        Pool.Backward(Config.Pooling, layout, trace.Run.Output.Span, trace.Pooled.Span, dPooled, Directions, dHidden.Span);
        Memory<float> dInput = _recurrent.Backward(pass, trace.Run, dHidden, _recurrent.NewState(layout.Batch), gradients);
        if (trace.InputMask is { } mask) Dropout.Apply(layout, mask.Span, dInput.Span);
        _embedding.Backward(trace.Ids, dInput.Span, _embedding.Size, gradients);
    }

    internal override void Refresh()
    {
        _recurrent.Refresh();
        _head.Refresh();
    }

    /// <summary>What the way forward left behind: logits [N,labels] and what the way back needs.</summary>
    internal sealed record Trace(
        BatchLayout Layout, int[] Ids, Recurrent.Run Run, Memory<float> Pooled, Memory<float> Features, Memory<float> Logits,
        Memory<float>? InputMask, Memory<float>? OutputMask);
}
