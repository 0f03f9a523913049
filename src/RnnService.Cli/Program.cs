using RnnService.Training.Recipes;
using RnnService.Training.Runs;

var trainer = new Trainer(Recipe.Read(args[0], args[3..]), new RunFolders { Data = args[1], Output = args[2] });
using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, e) => { e.Cancel = true; stop.Cancel(); };
using var term = System.Runtime.InteropServices.PosixSignalRegistration.Create(System.Runtime.InteropServices.PosixSignal.SIGTERM, c => { c.Cancel = true; stop.Cancel(); });
var end = trainer.Run(new P(), stop.Token);
Console.WriteLine(end);

internal sealed class P : IProgress<TrainingProgress>
{
    public void Report(TrainingProgress v)
    {
        if (v.Score is not null || v.Step % 50 == 0) Console.WriteLine($"{v.Step}/{v.TotalSteps} ep {v.Epoch:F2} loss {v.Loss:F4} tok/s {v.TokensPerSecond:F0} left {v.Remaining} {v.Score} best {v.Best}");
    }
}
