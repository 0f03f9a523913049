namespace RnnService.AspNetCore.Tests.Scheduling.Simulation;

/// <summary>Time that passes only where the simulation says so, in microseconds.</summary>
internal sealed class SimulatedClock : TimeProvider
{
    private long _now = 1_000_000; // 0 stands for "not yet" in places

    public override long TimestampFrequency => 1_000_000;

    public long Now => _now;

    public override long GetTimestamp() => _now;

    public void Pass(long microseconds) => _now += microseconds;

    public void MoveTo(long time) => _now = Math.Max(_now, time);
}
