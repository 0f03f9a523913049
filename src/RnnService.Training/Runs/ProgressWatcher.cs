namespace RnnService.Training.Runs;

/// <summary>Told on the thread that trains, unlike <see cref="Progress{T}"/>.</summary>
internal sealed class ProgressWatcher(Action<TrainingProgress> report) : IProgress<TrainingProgress>
{
    public void Report(TrainingProgress value) => report(value);
}
