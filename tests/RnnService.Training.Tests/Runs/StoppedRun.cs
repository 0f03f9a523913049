using RnnService.Training.Recipes;
using RnnService.Training.Runs;

namespace RnnService.Training.Tests.Runs;

/// <summary>A training that is stopped again and again, and each time goes on in a trainer of its own.</summary>
internal static class StoppedRun
{
    /// <summary>Trains to the end.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="folders">Where.</param>
    /// <param name="steps">Steps after which it is stopped.</param>
    /// <returns>How many trainers it took.</returns>
    public static int Finish(Recipe recipe, RunFolders folders, int steps)
    {
        for (int runs = 1; ; runs++)
        {
            using var stop = new CancellationTokenSource();
            var trainer = new Trainer(recipe, folders);
            long from = trainer.Step;
            RunEnd end = trainer.Run(new OnProgress(progress =>
            {
                if (progress.Step >= from + steps) stop.Cancel();
            }), stop.Token);
            if (end != RunEnd.Interrupted) return runs;
        }
    }
}
