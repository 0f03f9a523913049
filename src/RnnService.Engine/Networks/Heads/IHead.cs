using RnnService.Engine.Layers;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Networks.Heads;

/// <summary>
/// The part of a network that makes scores of what the encoder gives, and a loss of scores and targets. Safe for any number of threads
/// between refreshes.
/// </summary>
internal interface IHead<TTrace, TTargets>
    where TTrace : struct, IHeadTrace
{
    /// <summary>Number of labels.</summary>
    int Labels { get; }

    /// <summary>Computes the logits.</summary>
    /// <param name="pass">The pass.</param>
    /// <param name="layout">Where the steps lie.</param>
    /// <param name="hidden">The encoder's output [R, directions·H]; kept until backward.</param>
    /// <param name="dropRate">Dropout before the output layer.</param>
    TTrace Forward(Pass pass, BatchLayout layout, Memory<float> hidden, float dropRate);

    /// <summary>The summed loss in nats; puts its gradient in the place of the logits.</summary>
    /// <param name="layout">Where the steps lie.</param>
    /// <param name="trace">What forward left.</param>
    /// <param name="targets">What should have come out.</param>
    /// <param name="gradients">Gradients of parameters that act in the loss alone are added.</param>
    double Loss(BatchLayout layout, in TTrace trace, TTargets targets, Gradients gradients);

    /// <summary>Backward from the gradient of the logits.</summary>
    /// <param name="pass">The pass that recorded.</param>
    /// <param name="layout">Where the steps lie.</param>
    /// <param name="trace">What forward left.</param>
    /// <param name="dLogits">As many as the logits.</param>
    /// <param name="gradients">The gradients of the parameters are added; null where they are not asked for.</param>
    /// <returns>The gradient of the encoder's output [R, directions·H].</returns>
    Memory<float> Backward(Pass pass, BatchLayout layout, in TTrace trace, ReadOnlySpan<float> dLogits, Gradients? gradients);

    /// <summary>Where the answer stands that is given at a step of a sequence.</summary>
    /// <param name="layout">Where the steps lie.</param>
    /// <param name="place">The sequence's place in the batch.</param>
    /// <param name="step">The step.</param>
    /// <returns>The row of its logits, and the step; null where a sequence is answered once.</returns>
    (int Row, int? Step) AnswerAt(BatchLayout layout, int place, int step);

    /// <summary>Puts the gradient of what the likeliest answer is judged by in the place of the logits of one.</summary>
    /// <param name="logits">[labels].</param>
    /// <returns>The answer's index.</returns>
    int BackwardOfAnswer(Span<float> logits);

    /// <summary>Packs the weights anew after a trainer changed them.</summary>
    void Refresh();
}

/// <summary>What a head's forward left.</summary>
internal interface IHeadTrace
{
    /// <summary>The scores before any softmax.</summary>
    Memory<float> Logits { get; }
}
