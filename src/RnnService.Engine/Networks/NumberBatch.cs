using RnnService.Engine.Layers;

namespace RnnService.Engine.Networks;

/// <summary>Where a network stands in a sequence of numbers that is read in pieces: a value of whoever reads it. Not thread-safe.</summary>
public sealed class NumberStreamState
{
    internal NumberStreamState(RecurrentState recurrent) => Recurrent = recurrent;

    internal RecurrentState Recurrent { get; }
}

/// <summary>
/// Sequences of numbers that one network reads in pieces, those of many at once. A sequence's outputs are those of the whole at once, bit for bit, however it
/// is cut and whoever is read beside it. Not thread-safe.
/// </summary>
public sealed class NumberBatch
{
    private readonly INumberNetwork _network;
    private RecurrentState _side; // states of a reading, side by side

    /// <summary>Reads with a network.</summary>
    /// <exception cref="ArgumentException">It needs the end of a sequence before it can say anything.</exception>
    public NumberBatch(INumberNetwork network)
    {
        if (!network.IsCausal) throw new ArgumentException("the network reads from the end; expected one that reads forward alone", nameof(network));
        (_network, _side) = (network, network.NewState(0));
    }

    /// <summary>Begins a sequence.</summary>
    public NumberStreamState NewState() => new(_network.NewState(1));

    /// <summary>Reads the next steps of some sequences.</summary>
    /// <param name="states">Where each stands, all of them different ones of this network; moved on when this returns, and as they were when it throws.</param>
    /// <param name="steps">The next steps of each, finite numbers.</param>
    /// <param name="logits">Takes the outputs: see <see cref="INumberNetwork.Forward"/>.</param>
    /// <param name="betweenSteps">Called now and then while this goes on.</param>
    /// <exception cref="NetworkException">Some of them cannot be computed.</exception>
    public void Read(IReadOnlyList<NumberStreamState> states, IReadOnlyList<NumberSequence> steps, LogitsReader logits, Action? betweenSteps = null)
    {
        if (states.Count == 0) return;
        if (_side.Batch != states.Count) _side = _network.NewState(states.Count);
        for (int row = 0; row < states.Count; row++) _side.CopyFrom(states[row].Recurrent, 0, row);
        _network.Forward(steps, _side, logits, betweenSteps);
        for (int row = 0; row < states.Count; row++) states[row].Recurrent.CopyFrom(_side, row, 0);
    }
}
