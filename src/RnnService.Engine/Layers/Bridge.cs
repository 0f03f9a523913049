using RnnService.Engine.Kernels;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Layers;

/// <summary>
/// From an encoder's final states to a decoder's first: of each layer h = tanh(W [h→;h←] + b), and c = W [c→;c←] + b where there is one, of the
/// encoder's layer beside it or, where it has fewer, of its last. Immutable but for <see cref="Refresh"/>.
/// </summary>
internal sealed class Bridge
{
    private readonly Linear[] _h, _c;
    private readonly int _directions, _encoderLayers, _inputs, _outputs;

    /// <summary>Asks for the parameters.</summary>
    public Bridge(Parameters parameters, string prefix, Recurrent encoder, Recurrent decoder)
    {
        (_directions, _encoderLayers) = (encoder.Slots / encoder.Layers, encoder.Layers);
        (_inputs, _outputs) = (encoder.OutputSize, decoder.HiddenSize);
        _h = [.. Enumerable.Range(0, decoder.Layers).Select(layer => new Linear(parameters, $"{prefix}.h_l{layer}", _inputs, _outputs))];
        _c = !decoder.HasCellState ? []
            : [.. Enumerable.Range(0, decoder.Layers).Select(layer => new Linear(parameters, $"{prefix}.c_l{layer}", _inputs, _outputs))];
    }

    /// <summary>Sets a decoder's states from an encoder's of the same batch.</summary>
    /// <returns>What backward needs: [layers][N,inputs], of h and then of c.</returns>
    public Memory<float>[] Forward(Pass pass, RecurrentState encoded, RecurrentState start)
    {
        var inputs = new Memory<float>[_h.Length + _c.Length];
        for (int layer = 0; layer < _h.Length; layer++)
        {
            inputs[layer] = Gather(pass, encoded.Hidden, encoded.Batch, layer);
            Span<float> h = start.Hidden.AsSpan(layer * start.Batch * _outputs, start.Batch * _outputs);
            _h[layer].Forward(start.Batch, inputs[layer].Span, h, pass);
            Activations.Tanh(h, h);
            if (_c.Length == 0) continue;
            inputs[_h.Length + layer] = Gather(pass, encoded.CellState, encoded.Batch, layer);
            _c[layer].Forward(start.Batch, inputs[_h.Length + layer].Span, start.CellState.AsSpan(layer * start.Batch * _outputs, h.Length), pass);
        }

        return inputs;
    }

    /// <summary>Backward.</summary>
    /// <param name="pass">The pass that recorded.</param>
    /// <param name="inputs">What forward returned.</param>
    /// <param name="start">The states that forward set, as they were then: [layers,N,H].</param>
    /// <param name="dStart">Their gradients; used up.</param>
    /// <param name="dEncoded">Takes the gradient of the encoder's final states, on top of what is there.</param>
    /// <param name="gradients">Of the parameters.</param>
    public void Backward(
        Pass pass, Memory<float>[] inputs, ReadOnlySpan<float> start, RecurrentState dStart, RecurrentState dEncoded, Gradients gradients)
    {
        int batch = dStart.Batch, width = batch * _outputs;
        Span<float> dInputs = pass.Workspace.Take(batch * _inputs).Span;
        for (int layer = 0; layer < _h.Length; layer++)
        {
            Span<float> dh = dStart.Hidden.AsSpan(layer * width, width);
            Activations.TanhBackward(start.Slice(layer * width, width), dh, dh);
            _h[layer].Backward(batch, inputs[layer].Span, dh, dInputs, gradients, pass.Workspace);
            Scatter(dInputs, dEncoded.Hidden, batch, layer);
            if (_c.Length == 0) continue;
            _c[layer].Backward(
                batch, inputs[_h.Length + layer].Span, dStart.CellState.AsSpan(layer * width, width), dInputs, gradients, pass.Workspace);
            Scatter(dInputs, dEncoded.CellState, batch, layer);
        }
    }

    public void Refresh()
    {
        foreach (Linear layer in (Linear[])[.. _h, .. _c]) layer.Refresh();
    }

    private int SlotOf(int layer) => Math.Min(layer, _encoderLayers - 1) * _directions;

    private Memory<float> Gather(Pass pass, ReadOnlySpan<float> states, int batch, int layer)
    {
        Memory<float> rows = pass.Workspace.Take(batch * _inputs);
        int size = _inputs / _directions;
        for (int place = 0; place < batch; place++)
        {
            for (int way = 0; way < _directions; way++)
                states.Slice(((SlotOf(layer) + way) * batch + place) * size, size).CopyTo(rows.Span[(place * _inputs + way * size)..]);
        }

        return rows;
    }

    private void Scatter(ReadOnlySpan<float> rows, Span<float> states, int batch, int layer)
    {
        int size = _inputs / _directions;
        for (int place = 0; place < batch; place++)
        {
            for (int way = 0; way < _directions; way++)
            {
                Span<float> state = states.Slice(((SlotOf(layer) + way) * batch + place) * size, size);
                System.Numerics.Tensors.TensorPrimitives.Add(state, rows.Slice(place * _inputs + way * size, size), state);
            }
        }
    }
}
