using System.Numerics.Tensors;
using RnnService.Engine.Layers;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Networks.Heads;

/// <summary>
/// Other labels of every step that are learnt beside those that a network is for (Caruana 1997), by linear heads over the same output of the encoder: what
/// teaches them teaches the layers that all heads share. Training alone has them. Safe for any number of threads between refreshes.
/// </summary>
internal sealed class AuxiliaryHeads
{
    private readonly StepHead[] _heads;
    private readonly float _weight, _dropRate;

    /// <summary>Asks for the parameters.</summary>
    /// <param name="parameters">Where the weights come from.</param>
    /// <param name="inputs">Width of the encoder's output.</param>
    /// <param name="tasks">A name for each head, and its number of labels.</param>
    /// <param name="weight">What each head's loss is multiplied by.</param>
    /// <param name="dropRate">Dropout before their output layers.</param>
    public AuxiliaryHeads(Parameters parameters, int inputs, IEnumerable<(string Name, int Labels)> tasks, float weight, float dropRate)
    {
        (_weight, _dropRate) = (weight, dropRate);
        _heads = [.. tasks.Select(task => new StepHead(new Linear(parameters, $"auxiliary.{task.Name}", inputs, task.Labels)))];
    }

    /// <summary>Forward and backward of all heads.</summary>
    /// <param name="pass">The pass, which records.</param>
    /// <param name="layout">Where the steps lie.</param>
    /// <param name="hidden">The encoder's output [R,W].</param>
    /// <param name="targets">For each head the labels of each sequence; one below 0 is not learnt.</param>
    /// <param name="gradients">The gradients of the heads' parameters are added.</param>
    /// <param name="dHidden">The gradient of the encoder's output [R,W] is added; empty where it is not asked for.</param>
    /// <returns>The weighted sum of their losses in nats.</returns>
    public double Backward(
        Pass pass, BatchLayout layout, Memory<float> hidden, IReadOnlyList<ReadOnlyMemory<int>>[] targets, Gradients gradients, Memory<float> dHidden)
    {
        double loss = 0;
        for (int i = 0; i < _heads.Length; i++)
        {
            StepHead.Trace trace = _heads[i].Forward(pass, layout, hidden, _dropRate);
            Span<float> dLogits = trace.Logits.Span;
            loss += _heads[i].Loss(layout, trace, targets[i], gradients);
            TensorPrimitives.Multiply(dLogits, _weight, dLogits);
            Memory<float> own = _heads[i].Backward(pass, layout, trace, dLogits, gradients);
            if (!dHidden.IsEmpty) TensorPrimitives.Add(dHidden.Span, own.Span, dHidden.Span);
        }

        return _weight * loss;
    }

    /// <summary>Packs the weights anew after a trainer changed them.</summary>
    public void Refresh()
    {
        foreach (StepHead head in _heads) head.Refresh();
    }
}
