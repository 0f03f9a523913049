using RnnService.AspNetCore.Scheduling;
using RnnService.Engine.Generation;

namespace RnnService.AspNetCore.Tests.Scheduling.Simulation;

/// <summary>A request of a simulated client, and what became of it.</summary>
internal sealed class SimulatedRequest(int number, string client, long arrival)
{
    /// <summary>Index among all requests of the schedule, in the order in which they came.</summary>
    public int Number { get; } = number;

    public string Client { get; } = client;

    public long Arrival { get; } = arrival;

    public CancellationTokenSource Left { get; } = new();

    /// <summary>The texts, each its length in tokens; null for a stream.</summary>
    public SimulatedText[]? Texts { get; init; }

    /// <summary>Microseconds that its reader waits from one token to the next; null for one that does not read along.</summary>
    public long? ReadsEvery { get; init; }

    /// <summary>Whether its client had nothing else here when it came.</summary>
    public bool IsLight { get; set; }

    public GenerationJob? Stream { get; set; }

    public Task<TextAnswers<int>>? Answer { get; set; }

    /// <summary>Why it was not taken at all.</summary>
    public Exception? Refusal { get; set; }

    /// <summary>When its first text was computed, counted in batches; 0 for never.</summary>
    public int Begun { get; set; }

    /// <summary>Whether the service cut its connection.</summary>
    public bool WasAborted { get; set; }

    public List<ScoredToken> Read { get; } = [];

    public int LastTokens { get; set; }

    public long? StartedAt { get; set; }

    public long? EndedAt { get; set; }

    public Task? Ended => (Task?)Stream?.Ended ?? Answer;

    public bool IsOver => Refusal is not null || Ended is { IsCompleted: true };
}

/// <summary>A text as far as the simulation goes: so many tokens, of this request.</summary>
/// <param name="Length">Tokens.</param>
/// <param name="Id">Its answer.</param>
/// <param name="Owner">The request's number.</param>
internal readonly record struct SimulatedText(int Length, int Id, int Owner);
