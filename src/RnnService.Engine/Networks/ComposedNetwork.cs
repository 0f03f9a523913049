using RnnService.Engine.Layers;
using RnnService.Engine.Networks.Heads;
using RnnService.Engine.Networks.Inputs;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Networks;

/// <summary>
/// A network put together of an input, an encoder (the recurrent layers with dropout between them) and a head, each with its own forward
/// and backward. What a network of a task adds is how its examples reach the input and its logits the caller.
/// </summary>
internal abstract class ComposedNetwork<TInput, THead, TTargets>(
    Parameters parameters, IInput<TInput> input, Recurrent encoder, IHead<THead, TTargets> head) : NativeNetwork(parameters)
    where TInput : struct, IInputTrace
    where THead : struct, IHeadTrace
{
    protected Recurrent Encoder => encoder;

    protected IHead<THead, TTargets> Head => head;

    protected int InputSize => input.Size;

    /// <summary>Backward from the loss of these targets. The logits of the trace are used up.</summary>
    /// <returns>The summed loss in nats.</returns>
    public double Backward(Pass pass, in Trace trace, TTargets targets, Gradients gradients)
    {
        double loss = head.Loss(trace.Answers, trace.Head, targets, gradients);
        BackwardFrom(pass, trace, trace.Logits.Span, gradients);
        return loss;
    }

    /// <summary>Backward from the gradient of the logits.</summary>
    public void BackwardFrom(Pass pass, in Trace trace, ReadOnlySpan<float> dLogits, Gradients gradients)
    {
        BackwardFromHidden(pass, trace, head.Backward(pass, trace.Answers, trace.Head, dLogits, gradients), gradients);
    }

    /// <summary>Backward from the gradient of what the head reads: the encoder's output [R, directions·H], of every step or of words.</summary>
    private protected void BackwardFromHidden(Pass pass, in Trace trace, Memory<float> dHidden, Gradients gradients)
    {
        if (pass.TrainedDepth == 0 && !encoder.HasBase) return;
        Memory<float> dInput = BackwardThroughEncoder(pass, trace, dHidden, gradients, depth: pass.TrainedDepth);
        if (pass.TrainedDepth > encoder.LayersToRelease) input.Backward(pass, trace.Layout, trace.Input, dInput, gradients);
    }

    /// <summary>The gradient of the encoder's input.</summary>
    private protected Memory<float> BackwardToInput(
        Pass pass, in Trace trace, ReadOnlySpan<float> dLogits, Gradients? gradients, Func<int, StateGradientReader>? read = null)
    {
        return BackwardThroughEncoder(pass, trace, head.Backward(pass, trace.Answers, trace.Head, dLogits, gradients), gradients, read);
    }

    /// <summary>What the encoder gives for each sequence [N][T·W], without dropout: what a head that is trained alone reads.</summary>
    /// <param name="pass">A pass that does not record.</param>
    /// <param name="layout">Where the steps lie.</param>
    /// <param name="made">What the input made.</param>
    /// <param name="words">The words that the head reads in the place of the steps, if it does.</param>
    private protected float[][] EncoderOutputs(Pass pass, BatchLayout layout, in TInput made, WordRows? words = null)
    {
        Memory<float> hidden = encoder.Forward(pass, layout, made.Rows, encoder.NewState(layout.Batch)).Output;
        ReadOnlySpan<float> rows = (words?.Forward(pass, encoder.Direction, hidden.Span) ?? hidden).Span;
        layout = words?.Layout ?? layout;
        float[][] outputs = new float[layout.Batch][];
        int width = encoder.OutputSize;
        for (int place = 0; place < outputs.Length; place++)
        {
            outputs[place] = new float[layout.LengthOfRank(layout.RankOf(place)) * width];
            layout.Gather(place, width, rows, outputs[place]);
        }

        return outputs;
    }

    /// <summary>Forward and backward of the head alone.</summary>
    /// <param name="pass">The pass.</param>
    /// <param name="outputs">What the encoder gives for each sequence, from <see cref="EncoderOutputs"/>.</param>
    /// <param name="dropRate">Dropout before the output layer.</param>
    /// <param name="lossOf">The head's loss, which leaves the gradient in the place of the logits.</param>
    /// <param name="gradients">The gradients of the head's parameters are added.</param>
    /// <returns>The summed loss in nats, and the steps.</returns>
    public (double Loss, int Rows) TrainHead(Pass pass, float[][] outputs, float dropRate, Func<BatchLayout, THead, double> lossOf, Gradients gradients)
    {
        int width = encoder.OutputSize;
        BatchLayout layout = BatchLayout.Of([.. outputs.Select(own => own.Length / width)]);
        Memory<float> hidden = pass.Workspace.Take(layout.Rows * width);
        for (int place = 0; place < outputs.Length; place++) layout.Scatter(place, width, outputs[place], hidden.Span);
        THead trace = head.Forward(pass, layout, hidden, dropRate);
        double loss = lossOf(layout, trace);
        head.Backward(pass, layout, trace, trace.Logits.Span, gradients);
        return (loss, layout.Rows);
    }

    // Nothing comes back from after the last step: over a running text, that is truncated backpropagation.
    private Memory<float> BackwardThroughEncoder(
        Pass pass, in Trace trace, Memory<float> dHidden, Gradients? gradients, Func<int, StateGradientReader>? read = null, int depth = int.MaxValue) =>
        encoder.Backward(
            pass, trace.Run, trace.Words?.Backward(pass, encoder.Direction, dHidden.Span) ?? dHidden, encoder.NewState(trace.Layout.Batch), gradients, read, depth);

    public override void Refresh()
    {
        input.Refresh();
        encoder.Refresh();
        head.Refresh();
    }

    /// <summary>Encoder and head over what the input made; the head reads every step, or words of several.</summary>
    protected Trace Forward(Pass pass, BatchLayout layout, in TInput made, RecurrentState state, DropoutRates rates, WordRows? words = null)
    {
        Recurrent.Run run = encoder.Forward(pass, layout, made.Rows, state, rates.Between);
        Memory<float> read = words?.Forward(pass, encoder.Direction, run.Output.Span) ?? run.Output;
        return new Trace(layout, made, run, head.Forward(pass, words?.Layout ?? layout, read, rates.Output), words);
    }

    /// <summary>What forward left: the logits and, when the pass recorded, what backward needs.</summary>
    internal readonly record struct Trace(BatchLayout Layout, TInput Input, Recurrent.Run Run, THead Head, WordRows? Words = null)
    {
        public Memory<float> Logits => Head.Logits;

        /// <summary>Where the steps lie that the head reads.</summary>
        public BatchLayout Answers => Words?.Layout ?? Layout;
    }
}
