using RnnService.Training.Runs;

namespace RnnService.Training.Tests.Runs;

/// <summary>Called on the trainer's own thread, unlike <see cref="Progress{T}"/>.</summary>
internal sealed class OnProgress(Action<TrainingProgress> report) : IProgress<TrainingProgress>
{
    public void Report(TrainingProgress value) => report(value);
}
