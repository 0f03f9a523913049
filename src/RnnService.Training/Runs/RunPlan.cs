using RnnService.Training.Evaluation;
using RnnService.Training.Objectives;
using RnnService.Training.Recipes;

namespace RnnService.Training.Runs;

/// <summary>How many steps and evaluations a run has, and where among them it stands.</summary>
internal sealed class RunPlan(Objective objective, TrainingSettings settings)
{
    /// <summary>Steps of the whole run.</summary>
    public long TotalSteps { get; } = objective.StepsUpTo(settings.Epochs);

    /// <summary>Whether the model is evaluated now.</summary>
    public bool Evaluates(RunState state, bool epochEnds) =>
        (settings.EvaluateEvery == 0 ? epochEnds : state.Step % settings.EvaluateEvery == 0) || state.Step == TotalSteps;

    /// <summary>Passes over the corpus so far, the fraction of the one under way included.</summary>
    public double EpochsDone(RunState state) => state.Epoch
        + (state.Epoch < settings.Epochs ? (double)state.Index / objective.StepsIn(state.Epoch) : 0);

    /// <summary>What is told after a step.</summary>
    public TrainingProgress Progress(RunState state, RunClock clock, StepOutcome outcome, ValidationScore? score, bool isBest) => new(
        state.Step, TotalSteps, EpochsDone(state), settings.Epochs, clock.Loss, outcome.Rate, clock.TokensPerSecond,
        clock.Remaining(TotalSteps - state.Step, EvaluationsLeft(state)), score, isBest, state.Best);

    private long EvaluationsLeft(RunState state)
    {
        long every = settings.EvaluateEvery;
        if (every == 0) return settings.Epochs - state.Epoch;
        long all = (TotalSteps + every - 1) / every;
        return all - (state.Step == TotalSteps ? all : state.Step / every);
    }
}
