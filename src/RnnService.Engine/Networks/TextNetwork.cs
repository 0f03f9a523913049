using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Networks.Heads;
using RnnService.Engine.Networks.Inputs;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Networks;

/// <summary>A network that shows what it does while it reads texts.</summary>
internal interface IInspectableNetwork
{
    /// <summary>See <see cref="Models.TextModel"/>, which checks the options.</summary>
    Inspection[] Inspect(IReadOnlyList<TokenizedText> texts, IReadOnlyList<InspectionOptions> options, Action? betweenSteps);
}

/// <summary>A network put together of parts that reads texts, and can be looked into meanwhile.</summary>
internal abstract class TextNetwork<TInput, THead, TTargets>(
    Parameters parameters, IInput<TInput> input, Recurrent encoder, IHead<THead, TTargets> head)
    : ComposedNetwork<TInput, THead, TTargets>(parameters, input, encoder, head), IInspectableNetwork
    where TInput : struct, IInputTrace
    where THead : struct, IHeadTrace
{
    public Inspection[] Inspect(IReadOnlyList<TokenizedText> texts, IReadOnlyList<InspectionOptions> options, Action? betweenSteps)
    {
        using Lease lease = Begin(betweenSteps, record: true);
        Pass pass = lease.Pass;
        RecurrentState state = Encoder.NewState(texts.Count);
        Trace trace = Record(pass, texts, state);
        NetworkException.ThrowIfNotFinite(trace.Logits.Span);
        float[][][] activations = [.. options.Select((one, place) =>
        {
            float[][] steps = [.. texts[place].Ids.Select(_ => new float[Math.Min(one.Units, Encoder.HiddenSize - one.FirstUnit)])];
            Encoder.ReadActivations(trace.Run, state, place, Encoder.SlotOf(one.Layer, one.Reverse), one.Kind, one.FirstUnit, steps);
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
        int labels = Head.Labels;
        Memory<float> dLogits = pass.Workspace.TakeZeros(trace.Logits.Length);
        var norms = new GradientNorms?[texts.Count];
        float[][][] states = new float[texts.Count][][];
        var (placeOf, stepOf) = (new int[layout.Rows], new int[layout.Rows]);
        for (int place = 0; place < norms.Length; place++)
        {
            int length = texts[place].Ids.Length;
            for (int t = 0; t < length; t++) (placeOf[layout.RowOf(place, t)], stepOf[layout.RowOf(place, t)]) = (place, t);
            states[place] = [.. Enumerable.Range(0, Encoder.Slots).Select(_ => new float[length])];
            if (!options[place].Gradients || length == 0) continue;
            int step = options[place].At < 0 ? length + options[place].At : options[place].At;
            (int row, int? at) = Head.AnswerAt(trace.Answers, place, trace.Words?.WordAt(place, step) ?? step);
            Span<float> asked = dLogits.Span.Slice(row * labels, labels);
            trace.Logits.Span.Slice(row * labels, labels).CopyTo(asked);
            if (options[place].Target is { } target) CrossEntropy.Backward(asked, target);
            int answer = options[place].Target ?? Head.BackwardOfAnswer(asked);
            norms[place] = new GradientNorms { At = at is null ? null : step, Answer = answer, Inputs = new float[length], States = states[place] };
        }

        ReadOnlySpan<float> dInput = BackwardToInput(pass, trace, dLogits.Span, gradients: null,
            slot => (row, dh) => states[placeOf[row]][slot][stepOf[row]] = ExactSums.Norm(dh)).Span;
        for (int place = 0; place < norms.Length; place++)
        {
            if (norms[place] is not { Inputs: float[] inputs }) continue;
            for (int t = 0; t < inputs.Length; t++)
                inputs[t] = ExactSums.Norm(dInput.Slice(layout.RowOf(place, t) * InputSize, InputSize));
        }

        return norms;
    }
}
