using RnnService.Engine.Layers;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Networks.Inputs;

/// <summary>
/// The part of a network that makes the encoder's input of what is given: token ids, words, numbers. Its forward takes whatever it reads and
/// returns a trace; its backward takes that trace. Safe for any number of threads between refreshes.
/// </summary>
internal interface IInput<TTrace>
    where TTrace : struct, IInputTrace
{
    /// <summary>D, the width of a row.</summary>
    int Size { get; }

    /// <summary>Adds the gradients of its parameters.</summary>
    /// <param name="pass">The pass that recorded.</param>
    /// <param name="layout">Where the steps lie.</param>
    /// <param name="trace">What forward left.</param>
    /// <param name="dInput">Gradient of the rows [R,D]; overwritten. Empty where the encoder read ids.</param>
    /// <param name="gradients">The gradients of the parameters are added.</param>
    void Backward(Pass pass, BatchLayout layout, in TTrace trace, Memory<float> dInput, Gradients gradients);

    /// <summary>Packs the weights anew after a trainer changed them.</summary>
    void Refresh();
}

/// <summary>What an input's forward left for the encoder and for its own backward.</summary>
internal interface IInputTrace
{
    /// <summary>What the encoder reads.</summary>
    LayerInput Rows { get; }
}
