using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;

namespace RnnService.Benchmarks;

/// <summary>A network and what it is given: token ids in, the top layer's output out.</summary>
/// <param name="Name">S, M or L.</param>
/// <param name="Kind">The cell.</param>
/// <param name="Layers">Number of layers.</param>
/// <param name="Embedding">D.</param>
/// <param name="Hidden">H.</param>
/// <param name="Steps">T.</param>
/// <param name="Batch">B.</param>
/// <param name="Both">Whether it reads in both directions.</param>
/// <param name="Type">How our weights are stored.</param>
/// <param name="Trains">Whether ours is a whole training step, against a run forward.</param>
internal sealed record Workload(
    string Name, CellKind Kind, int Layers, int Embedding, int Hidden, int Steps, int Batch, bool Both = false,
    ElementType Type = ElementType.F32, bool Trains = false)
{
    /// <summary>Tokens of the vocabulary: about those of a character model.</summary>
    public const int Vocabulary = 96;

    public override string ToString()
    {
        string type = Type switch
        {
            ElementType.I8 => " int8",
            ElementType.BF16 => " bf16",
            _ => "",
        };
        return $"{Kind.ToString().ToUpperInvariant()} {Name}{(Both ? " both directions" : "")}{type}{(Trains ? " training" : "")}, "
            + $"T={Steps}, B={Batch}";
    }

    public static Workload S(CellKind kind, int steps, int batch, bool both = false) => new("S", kind, 1, 128, 128, steps, batch, both);

    public static Workload M(CellKind kind, int steps, int batch) => new("M", kind, 2, 256, 512, steps, batch);

    public static Workload L(CellKind kind, int steps, int batch) => new("L", kind, 2, 1024, 1024, steps, batch);
}
