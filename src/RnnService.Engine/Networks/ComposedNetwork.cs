using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Networks.Heads;
using RnnService.Engine.Networks.Inputs;
using RnnService.Engine.Text;
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

    /// <summary>Backward from the loss of these targets. The logits of the trace are used up.</summary>
    /// <returns>The summed loss in nats.</returns>
    public double Backward(Pass pass, in Trace trace, TTargets targets, Gradients gradients)
    {
        double loss = head.Loss(trace.Layout, trace.Head, targets, gradients);
        BackwardFrom(pass, trace, trace.Logits.Span, gradients);
        return loss;
    }

    /// <summary>Backward from the gradient of the logits.</summary>
    public void BackwardFrom(Pass pass, in Trace trace, ReadOnlySpan<float> dLogits, Gradients gradients)
    {
        Memory<float> dInput = BackwardToInput(pass, trace, dLogits, gradients);
        input.Backward(pass, trace.Layout, trace.Input, dInput, gradients);
    }

    public override Inspection[] Inspect(IReadOnlyList<TokenizedText> texts, IReadOnlyList<InspectionOptions> options, Action? betweenSteps)
    {
        using Lease lease = Begin(betweenSteps, record: true);
        Pass pass = lease.Pass;
        RecurrentState state = encoder.NewState(texts.Count);
        Trace trace = Record(pass, texts, state);
        NetworkException.ThrowIfNotFinite(trace.Logits.Span);
        float[][][] activations = [.. options.Select((one, place) =>
        {
            float[][] steps = [.. texts[place].Ids.Select(_ => new float[Math.Min(one.Units, encoder.HiddenSize - one.FirstUnit)])];
            encoder.ReadActivations(trace.Run, state, place, encoder.SlotOf(one.Layer, one.Reverse), one.Kind, one.FirstUnit, steps);
            return steps;
        })];
        GradientNorms?[] norms = options.Any(one => one.Gradients) ? Norms(pass, trace, texts, options) : new GradientNorms?[texts.Count];
        return [.. activations.Zip(norms, (steps, gradients) => new Inspection { Activations = steps, Gradients = gradients })];
    }

    /// <summary>Forward over texts with everything that can be looked at kept, from zero states, which move on. The encoder reads values.</summary>
    protected abstract Trace Record(Pass pass, IReadOnlyList<TokenizedText> texts, RecurrentState state);

    private GradientNorms?[] Norms(Pass pass, in Trace trace, IReadOnlyList<TokenizedText> texts, IReadOnlyList<InspectionOptions> options)
    {
        BatchLayout layout = trace.Layout;
        int labels = head.Labels;
        Memory<float> dLogits = pass.Workspace.TakeZeros(trace.Logits.Length);
        var norms = new GradientNorms?[texts.Count];
        float[][][] states = new float[texts.Count][][];
        var (placeOf, stepOf) = (new int[layout.Rows], new int[layout.Rows]);
        for (int place = 0; place < norms.Length; place++)
        {
            int length = texts[place].Ids.Length;
            for (int t = 0; t < length; t++) (placeOf[layout.RowOf(place, t)], stepOf[layout.RowOf(place, t)]) = (place, t);
            states[place] = [.. Enumerable.Range(0, encoder.Slots).Select(_ => new float[length])];
            if (!options[place].Gradients || length == 0) continue;
            (int row, int? at) = head.AnswerAt(layout, place, options[place].At < 0 ? length + options[place].At : options[place].At);
            Span<float> asked = dLogits.Span.Slice(row * labels, labels);
            trace.Logits.Span.Slice(row * labels, labels).CopyTo(asked);
            norms[place] = new GradientNorms { At = at, Answer = head.BackwardOfAnswer(asked), Inputs = new float[length], States = states[place] };
        }

        ReadOnlySpan<float> dInput = BackwardToInput(pass, trace, dLogits.Span, gradients: null,
            slot => (row, dh) => states[placeOf[row]][slot][stepOf[row]] = ExactSums.Norm(dh)).Span;
        for (int place = 0; place < norms.Length; place++)
        {
            if (norms[place] is not { Inputs: float[] inputs }) continue;
            for (int t = 0; t < inputs.Length; t++)
                inputs[t] = ExactSums.Norm(dInput.Slice(layout.RowOf(place, t) * input.Size, input.Size));
        }

        return norms;
    }

    /// <summary>The gradient of the encoder's input.</summary>
    private protected Memory<float> BackwardToInput(
        Pass pass, in Trace trace, ReadOnlySpan<float> dLogits, Gradients? gradients, Func<int, StateGradientReader>? read = null)
    {
        Memory<float> dHidden = head.Backward(pass, trace.Layout, trace.Head, dLogits, gradients);
        // Nothing comes back from after the last step: over a running text, that is truncated backpropagation.
        return encoder.Backward(pass, trace.Run, dHidden, encoder.NewState(trace.Layout.Batch), gradients, read);
    }

    public override void Refresh()
    {
        input.Refresh();
        encoder.Refresh();
        head.Refresh();
    }

    /// <summary>Encoder and head over what the input made.</summary>
    protected Trace Forward(Pass pass, BatchLayout layout, in TInput made, RecurrentState state, DropoutRates rates)
    {
        Recurrent.Run run = encoder.Forward(pass, layout, made.Rows, state, rates.Between);
        return new Trace(layout, made, run, head.Forward(pass, layout, run.Output, rates.Output));
    }

    /// <summary>What forward left: the logits and, when the pass recorded, what backward needs.</summary>
    internal readonly record struct Trace(BatchLayout Layout, TInput Input, Recurrent.Run Run, THead Head)
    {
        public Memory<float> Logits => Head.Logits;
    }
}
