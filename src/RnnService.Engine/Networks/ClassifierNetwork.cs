using System.Numerics.Tensors;
using RnnService.Engine.Layers;
using RnnService.Engine.Networks.Heads;
using RnnService.Engine.Networks.Inputs;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Networks;

/// <summary>One label a text, or several: token embeddings, recurrent layers, pooling. The targets are a label a text.</summary>
internal sealed partial class ClassifierNetwork(Parameters parameters, TokenInput input, Recurrent encoder, SequenceHead head)
    : TextNetwork<TokenInput.Trace, SequenceHead.Trace, int[]>(parameters, input, encoder, head), IClassifierNetwork
{
    // What a pass keeps of a token for backward takes kilobytes, and the pass is kept.
    private const int MostTokensTogether = 4096, MostTokensRecorded = 1024;

    public void Forward(IReadOnlyList<int[]> texts, LogitsReader logits, Action? betweenSteps = null)
    {
        using Lease lease = Begin(betweenSteps);
        Span<float> found = Forward(lease.Pass, texts, DropoutRates.None).Logits.Span;
        for (int i = 0; i < texts.Count; i++) logits(i, 0, found.Slice(i * head.Labels, head.Labels));
    }

    /// <summary>See <see cref="Models.Classifier.Explain(IReadOnlyList{int[]}, Action?)"/>.</summary>
    /// <param name="texts">The texts.</param>
    /// <param name="smooth">What the integral is taken of: this network, or one with the same weights that rounds nothing on its way.</param>
    /// <param name="betweenSteps">See <see cref="IClassifierNetwork.Forward"/>.</param>
    public Explanation[] Explain(IReadOnlyList<int[]> texts, ClassifierNetwork smooth, Action? betweenSteps)
    {
        float[][][] running = Running(texts, betweenSteps);
        return [.. texts.Zip(running, (text, logits) =>
        {
            foreach (float[] one in logits) NetworkException.ThrowIfNotFinite(one);
            int label = TensorPrimitives.IndexOfMax<float>(logits[^1]);
            return IntegratedGradients.Explain(points => smooth.Along(text, points, label, betweenSteps), label, logits);
        })];
    }

    protected override Trace Record(Pass pass, IReadOnlyList<TokenizedText> texts, RecurrentState state)
    {
        (BatchLayout layout, Memory<int> ids) = Lay(pass, [.. texts.Select(text => text.Ids.AsMemory())]);
        return Forward(pass, layout, input.Embed(pass, ids, layout), state, DropoutRates.None);
    }

    /// <summary>Logits [N,labels] of every text, dropout included.</summary>
    public Trace Forward(Pass pass, IReadOnlyList<int[]> texts, DropoutRates rates)
    {
        (BatchLayout layout, Memory<int> ids) = Lay(pass, [.. texts.Select(text => text.AsMemory())]);
        TokenInput.Trace tokens = input.Forward(pass, layout, ids, Encoder, rates);
        return Forward(pass, layout, tokens, Encoder.NewState(layout.Batch), rates);
    }

    /// <summary>Backward from the loss of these targets, smoothed. The trace is used up.</summary>
    /// <param name="pass">The pass that recorded.</param>
    /// <param name="trace">What forward left.</param>
    /// <param name="targets">A label a text.</param>
    /// <param name="gradients">The gradients of the parameters are added.</param>
    /// <param name="smoothing">How much of a target's probability all labels share.</param>
    /// <returns>The summed loss in nats.</returns>
    public double Backward(Pass pass, in Trace trace, int[] targets, Gradients gradients, float smoothing)
    {
        double loss = head.Loss(trace.Head, targets, smoothing);
        BackwardFrom(pass, trace, trace.Logits.Span, gradients);
        return loss;
    }

    /// <summary>Backward from the loss of any number of labels a text; see <see cref="SequenceHead.Loss(in SequenceHead.Trace, IReadOnlyList{int[]}, ReadOnlySpan{float})"/>.</summary>
    /// <returns>The summed loss in nats.</returns>
    public double Backward(Pass pass, in Trace trace, IReadOnlyList<int[]> targets, ReadOnlySpan<float> weights, Gradients gradients)
    {
        double loss = head.Loss(trace.Head, targets, weights);
        BackwardFrom(pass, trace, trace.Logits.Span, gradients);
        return loss;
    }

    /// <summary>
    /// What the trained part of the head reads of each text without dropout: the encoder's outputs, pooled [N][K], or of every step [N][T·W] where pooling
    /// is learnt too.
    /// </summary>
    public float[][] Features(Pass pass, IReadOnlyList<int[]> texts)
    {
        (BatchLayout layout, Memory<int> ids) = Lay(pass, [.. texts.Select(text => text.AsMemory())]);
        TokenInput.Trace tokens = input.Forward(pass, layout, ids, Encoder, DropoutRates.None);
        if (head.LearnsPooling) return EncoderOutputs(pass, layout, tokens);
        Memory<float> hidden = Encoder.Forward(pass, layout, tokens.Rows, Encoder.NewState(layout.Batch)).Output, pooled = head.Pooled(pass, layout, hidden);
        return [.. Enumerable.Range(0, texts.Count).Select(i => pooled.Slice(i * pooled.Length / texts.Count, pooled.Length / texts.Count).ToArray())];
    }

    /// <summary>Forward and backward of the head alone.</summary>
    /// <param name="pass">The pass.</param>
    /// <param name="features">Of each text, from <see cref="Features"/>.</param>
    /// <param name="dropRate">Dropout of the features.</param>
    /// <param name="lossOf">The head's loss, which leaves the gradient in the place of the logits.</param>
    /// <param name="gradients">The gradients of the head's parameters are added.</param>
    /// <returns>The summed loss in nats.</returns>
    public double TrainOutput(
        Pass pass, float[][] features, float dropRate, Func<SequenceHead, SequenceHead.Trace, double> lossOf, Gradients gradients)
    {
        if (head.LearnsPooling) return TrainHead(pass, features, dropRate, (_, trace) => lossOf(head, trace), gradients).Loss;
        int width = features[0].Length;
        Memory<float> pooled = pass.Workspace.Take(features.Length * width);
        for (int i = 0; i < features.Length; i++) features[i].CopyTo(pooled.Span[(i * width)..]);
        SequenceHead.Trace trace = head.Score(pass, default, pooled, dropRate);
        double loss = lossOf(head, trace);
        head.AddGradients(pass, trace, trace.Logits.Span, gradients);
        return loss;
    }

    /// <summary>The logits of every beginning of each text, [N][T][labels].</summary>
    private float[][][] Running(IReadOnlyList<int[]> texts, Action? betweenSteps)
    {
        float[][][] running = [.. texts.Select(text => new float[text.Length][])];
        if (Encoder.Direction == Direction.Forward)
        {
            using Lease lease = Begin(betweenSteps);
            Trace trace = Forward(lease.Pass, texts, DropoutRates.None);
            for (int i = 0; i < running.Length; i++)
            {
                Span<float> logits = head.ForwardRunning(lease.Pass, trace.Layout, trace.Run.Output.Span, i);
                for (int t = 0; t < running[i].Length; t++) running[i][t] = logits.Slice(t * head.Labels, head.Labels).ToArray();
            }

            return running;
        }

        // What is read from the end has to be read anew for every end.
        var beginnings = new List<int[]>();
        var places = new List<(int Text, int Step)>();
        int tokens = 0;
        for (int i = 0; i < texts.Count; i++)
        {
            for (int length = 1; length <= texts[i].Length; length++)
            {
                if (tokens + length > MostTokensTogether) Read();
                beginnings.Add(texts[i][..length]);
                places.Add((i, length - 1));
                tokens += length;
            }
        }

        Read();
        return running;

        void Read()
        {
            if (beginnings.Count > 0) Forward(beginnings, (row, _, logits) => running[places[row].Text][places[row].Step] = logits.ToArray(), betweenSteps);
            beginnings.Clear();
            places.Clear();
            tokens = 0;
        }
    }

    /// <summary>What a label is judged by, and its slope by each token's embedding, where all embeddings are multiplied by each of some factors.</summary>
    private IntegratedGradients.PathPoint[] Along(int[] text, double[] factors, int label, Action? betweenSteps)
    {
        var points = new List<IntegratedGradients.PathPoint>(factors.Length);
        foreach (double[] some in factors.Chunk(Math.Max(1, MostTokensRecorded / text.Length))) Add(some);
        return [.. points];

        void Add(double[] some)
        {
            using Lease lease = Begin(betweenSteps, record: true);
            Pass pass = lease.Pass;
            (BatchLayout layout, Memory<int> ids) = Lay(pass, [.. some.Select(_ => text.AsMemory())]);
            TokenInput.Trace tokens = input.Embed(pass, ids, layout, some);
            Trace trace = Forward(pass, layout, tokens, Encoder.NewState(layout.Batch), DropoutRates.None);
            double[] margins = new double[some.Length];
            for (int i = 0; i < some.Length; i++)
            {
                Span<float> logits = trace.Logits.Span.Slice(i * head.Labels, head.Labels);
                margins[i] = head.Lead(logits, label);
                head.BackwardOfLead(logits, label);
            }

            Memory<float> gradient = BackwardToInput(pass, trace, trace.Logits.Span, gradients: null);
            for (int i = 0; i < some.Length; i++)
            {
                double[] slopes = new double[text.Length];
                for (int t = 0; t < slopes.Length; t++)
                    slopes[t] = input.Slope(text[t], gradient.Span.Slice(layout.RowOf(i, t) * input.Size, input.Size));
                points.Add(new IntegratedGradients.PathPoint(margins[i], slopes));
            }
        }
    }
}
