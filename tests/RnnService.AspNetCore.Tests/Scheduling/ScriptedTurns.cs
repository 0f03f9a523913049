using RnnService.AspNetCore.Scheduling;

namespace RnnService.AspNetCore.Tests.Scheduling;

/// <summary>Turns that the test gives itself.</summary>
internal sealed class ScriptedTurns : ITurns
{
    public ActiveClients Clients { get; } = new(TimeProvider.System);

    public Action Woken { get; init; } = () => { };

    public void Wake() => Woken();

    public bool TryTurn(ModelScheduler scheduler) => false;

    public void BetweenSteps()
    {
    }

    public void RunAside(Action run) => run();
}
