namespace RnnService.Engine.Layers;

/// <summary>The recurrences the engine knows; docs/equations.md writes them out.</summary>
public enum CellKind
{
    /// <summary>Elman network with tanh: h' = tanh(W x + b + U h + c).</summary>
    Tanh,

    /// <summary>Elman network with ReLU.</summary>
    Relu,

    /// <summary>GRU as PyTorch has it: the reset gate acts after the recurrent product.</summary>
    Gru,

    /// <summary>GRU as in Cho et al. 2014: the reset gate acts on the state before the recurrent product.</summary>
    GruBefore,

    /// <summary>LSTM with forget gate, without peepholes.</summary>
    Lstm,

    /// <summary>The plain sum s' = s + x (CBOW): no weights, hidden size equals input size.</summary>
    Sum,
}
