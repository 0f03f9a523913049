namespace RnnService.AspNetCore.Scheduling;

/// <summary>What a model's scheduler asks of whoever gives it its turns.</summary>
internal interface ITurns
{
    /// <summary>Who has something to compute: where they are several, no one may take a turn for itself.</summary>
    ActiveClients Clients { get; }

    /// <summary>Has the schedulers looked at: something was handed in or changed. Safe from any thread.</summary>
    void Wake();

    /// <summary>Gives a scheduler a turn on the calling thread if nothing else is to be computed. Safe from any thread.</summary>
    /// <returns>Whether it did.</returns>
    bool TryTurn(ModelScheduler scheduler);

    /// <summary>To be called now and then within a turn: others take short turns when it is time.</summary>
    void BetweenSteps();

    /// <summary>Runs what cannot be interrupted on another thread and returns when it has ended; others take short turns meanwhile.</summary>
    void RunAside(Action run);
}
