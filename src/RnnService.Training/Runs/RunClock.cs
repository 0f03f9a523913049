using RnnService.Training.Log;

namespace RnnService.Training.Runs;

/// <summary>The times and running means of a run.</summary>
/// <param name="secondsBefore">Seconds of training before this process.</param>
/// <param name="validTokens">Tokens that an evaluation reads.</param>
/// <param name="time">What tells the time.</param>
internal sealed class RunClock(double secondsBefore, long validTokens, TimeProvider time)
{
    /// <summary>An evaluation goes forward alone, a training step forward and backward: about a third of the work a token.</summary>
    private const double EvaluationShare = 1.0 / 3;

    private readonly long _start = time.GetTimestamp();
    private double _checkpointAt, _recordAt, _mark, _lossSum;
    private long _tokens, _steps, _madeHere, _evaluations;
    private double _stepSeconds, _evaluationSeconds;

    /// <summary>Training loss, smoothed.</summary>
    public double Loss { get; private set; } = double.NaN;

    /// <summary>Speed of the steps, smoothed; evaluations are left out.</summary>
    public double TokensPerSecond { get; private set; }

    /// <summary>Seconds of training, evaluations included.</summary>
    public double Seconds => secondsBefore + Elapsed;

    /// <summary>Seconds since the last checkpoint.</summary>
    public double SinceCheckpoint => Elapsed - _checkpointAt;

    private double Elapsed => time.GetElapsedTime(_start).TotalSeconds;

    /// <summary>A step is over.</summary>
    public void StepMade(StepOutcome outcome)
    {
        double took = Lap();
        _madeHere++;
        Loss = _madeHere == 1 ? outcome.Loss : Loss + ((outcome.Loss - Loss) * Math.Max(0.05, 1.0 / _madeHere));
        // The first step is slow, since it compiles the code: it counts only until there is a second one.
        double share = Math.Max(0.02, 1.0 / Math.Max(1, _madeHere - 1));
        TokensPerSecond += ((outcome.Tokens / took) - TokensPerSecond) * share;
        _stepSeconds += (took - _stepSeconds) * share;
        _lossSum += outcome.Loss;
        _tokens += outcome.Tokens;
        _steps++;
    }

    /// <summary>An evaluation is over.</summary>
    public void EvaluationMade()
    {
        double took = Lap();
        _evaluations++;
        _evaluationSeconds += (took - _evaluationSeconds) / _evaluations;
    }

    /// <summary>
    /// The time that this many steps and evaluations will take; null after the first step, which is too slow to extrapolate from. The time
    /// of an evaluation is estimated from its tokens until one was made.
    /// </summary>
    public TimeSpan? Remaining(long steps, long evaluations)
    {
        if (steps > 0 && _madeHere < 2) return null;
        double evaluation = _evaluations > 0 ? _evaluationSeconds : EvaluationShare * validTokens / Math.Max(1, TokensPerSecond);
        double seconds = (_stepSeconds * steps) + (evaluation * evaluations);
        return TimeSpan.FromSeconds(Math.Min(seconds, TimeSpan.MaxValue.TotalSeconds / 2));
    }

    /// <summary>The mean of the steps since the last record.</summary>
    public StepRecord Record(long step, double epoch, StepOutcome outcome)
    {
        double now = Elapsed;
        var record = new StepRecord(
            step, Math.Round(epoch, 4), Math.Round(_lossSum / _steps, 5), outcome.Rate, Math.Round(outcome.Norm, 5),
            Math.Round(_tokens / Math.Max(1e-9, now - _recordAt)), Math.Round(Seconds, 1));
        (_lossSum, _tokens, _steps, _recordAt) = (0, 0, 0, now);
        return record;
    }

    /// <summary>A checkpoint was written.</summary>
    public void CheckpointSaved() => _checkpointAt = Elapsed;

    private double Lap()
    {
        double now = Elapsed, took = Math.Max(1e-9, now - _mark);
        _mark = now;
        return took;
    }
}
