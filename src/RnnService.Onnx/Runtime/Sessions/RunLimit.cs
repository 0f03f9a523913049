using Microsoft.ML.OnnxRuntime;

namespace RnnService.Onnx.Runtime.Sessions;

/// <summary>What ends a run.</summary>
/// <param name="Longest">The time it may take.</param>
internal sealed record RunLimit(TimeSpan Longest)
{
    /// <summary>Ended by whoever started a row of runs; null where each stands alone.</summary>
    public CancellationTokenSource? Together { get; init; }

    /// <summary>Whether the memory that a run took is given back after it.</summary>
    public bool GivesMemoryBack { get; init; }
}

/// <summary>A run took longer than it may and was ended.</summary>
internal sealed class RunEndedException(OnnxRuntimeException inner) : Exception("the run was ended", inner);
