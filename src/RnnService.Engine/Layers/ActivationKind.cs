namespace RnnService.Engine.Layers;

/// <summary>What of a recurrent unit can be looked at, a number a step.</summary>
public enum ActivationKind
{
    /// <summary>h, the state that the next layer reads.</summary>
    Hidden,

    /// <summary>c, an LSTM's memory.</summary>
    Cell,

    /// <summary>i, how much of the candidate an LSTM takes in.</summary>
    Input,

    /// <summary>f, how much of its memory an LSTM keeps.</summary>
    Forget,

    /// <summary>g of an LSTM, n of a GRU: what would be taken in.</summary>
    Candidate,

    /// <summary>o, how much of its memory an LSTM shows.</summary>
    Output,

    /// <summary>r, how much of the state before a GRU's candidate sees.</summary>
    Reset,

    /// <summary>z, how much of the state before a GRU keeps.</summary>
    Update,
}

/// <summary>Which activations a cell has.</summary>
public static class ActivationKinds
{
    /// <summary>The kinds that a cell has, the state first, then its gates in the order of its weights.</summary>
    public static IReadOnlyList<ActivationKind> Of(CellKind cell) => cell switch
    {
        CellKind.Lstm =>
        [
            ActivationKind.Hidden, ActivationKind.Cell, ActivationKind.Input, ActivationKind.Forget, ActivationKind.Candidate, ActivationKind.Output,
        ],
        CellKind.Gru or CellKind.GruBefore => [ActivationKind.Hidden, ActivationKind.Reset, ActivationKind.Update, ActivationKind.Candidate],
        _ => [ActivationKind.Hidden],
    };
}
