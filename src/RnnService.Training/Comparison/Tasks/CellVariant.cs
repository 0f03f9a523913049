using RnnService.Engine.Layers;
using RnnService.Engine.Text;

namespace RnnService.Training.Comparison.Tasks;

/// <summary>A cell as it is compared.</summary>
/// <param name="Name">A short name.</param>
/// <param name="Cell">The cell.</param>
/// <param name="BothWays">Whether it reads in both directions.</param>
/// <param name="Settings">How it starts.</param>
internal sealed record CellVariant(string Name, CellKind Cell, bool BothWays = false, params string[] Settings)
{
    public static readonly CellVariant
        Sum = new("sum", CellKind.Sum),
        Tanh = new("tanh", CellKind.Tanh),
        Relu = new("relu", CellKind.Relu),
        ReluIdentity = new("relu id", CellKind.Relu, false, "training.identity_start=true"),
        GruBefore = new("gru before", CellKind.GruBefore),
        Gru = new("gru", CellKind.Gru),
        LstmClosed = new("lstm f=0", CellKind.Lstm, false, "training.forget_bias=0"),
        Lstm = new("lstm f=1", CellKind.Lstm);

    /// <summary>Cells with weights, in one direction.</summary>
    public static readonly IReadOnlyList<CellVariant> Recurrent = [Tanh, Relu, ReluIdentity, GruBefore, Gru, LstmClosed, Lstm];

    /// <summary>The same in both directions.</summary>
    public CellVariant Both => this with { Name = $"{Name} ↔", BothWays = true };

    /// <summary>The settings that make a network of it for a task.</summary>
    public IReadOnlyList<string> For(ComparedTask task) => For(task, task.LstmHidden);

    /// <summary>The settings that make a network of it with as many recurrent weights as an LSTM of this hidden size.</summary>
    public IReadOnlyList<string> For(ComparedTask task, int lstmHidden) =>
    [
        $"model.cell={SnakeCase.Of(Cell)}", $"model.hidden_size={(Cell == CellKind.Sum ? task.InputSize : HiddenSize(lstmHidden, task.InputSize))}",
        $"model.bidirectional={(BothWays ? "true" : "false")}", .. Settings,
    ];

    /// <summary>The largest hidden size whose matrices W and U hold no more weights than those of an LSTM.</summary>
    public int HiddenSize(int lstmHidden, int input)
    {
        long most = Weights(CellKind.Lstm, 1, lstmHidden, input);
        int hidden = 1;
        while (Weights(Cell, BothWays ? 2 : 1, hidden + 1, input) <= most) hidden++;
        return hidden;
    }

    private static long Weights(CellKind cell, int directions, int hidden, int input) => directions * cell switch
    {
        CellKind.Lstm => 4L,
        CellKind.Gru or CellKind.GruBefore => 3,
        _ => 1,
    } * hidden * (hidden + input);
}
