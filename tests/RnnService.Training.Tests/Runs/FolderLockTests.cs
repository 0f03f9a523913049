using RnnService.Training.Recipes;
using RnnService.Training.Runs;
using Xunit;

namespace RnnService.Training.Tests.Runs;

/// <summary>One run in a folder, whatever else is started beside it, and nothing left of one that was killed.</summary>
public sealed class FolderLockTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    private RunFolders Folders => new() { Data = _folder[""], Output = _folder["run"] };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_second_run_beside_one_is_refused_and_changes_nothing(bool restart)
    {
        Recipe recipe = TinyRecipes.Write(_folder, "classifier");
        var first = new Trainer(recipe, Folders);
        string? said = null;
        first.Run(new OnProgress(_ => said ??= Assert.Throws<RunFolderException>(() => new Trainer(recipe, Folders, restart)).Message), Cancellation);
        Assert.Equal(
            $"{Folders.Output} is written by another run (process {Environment.ProcessId} on {Environment.MachineName}); "
            + "expected one run in a folder: wait for it, stop it, or take another folder",
            said);
        Assert.Empty(Directory.GetFiles(Path.Combine(Folders.Output, "training"), ".*"));
    }

    [Fact]
    public void A_run_that_was_prepared_before_another_one_is_refused()
    {
        Recipe recipe = TinyRecipes.Write(_folder, "classifier");
        Trainer first = new(recipe, Folders), second = new(recipe, Folders);
        second.Run(cancellationToken: Cancellation);
        string message = Assert.Throws<RunFolderException>(() => first.Run(cancellationToken: Cancellation)).Message;
        Assert.StartsWith($"{Folders.Output} was written by another run since", message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_killed_run_left_is_swept_and_what_is_not_ours_stays()
    {
        string output = Folders.Output, training = Path.Combine(output, "training");
        string[] orphans = [Path.Combine(training, "checkpoint.safetensors.abc.tmp"), Path.Combine(output, "README.md.abc.tmp")];
        string staged = Path.Combine(output, ".staged"), other = Path.Combine(output, "notes.tmp");
        Directory.CreateDirectory(training);
        Directory.CreateDirectory(staged);
        foreach (string file in (string[])[.. orphans, other, Path.Combine(training, ".lock"), Path.Combine(training, ".owner")])
            File.WriteAllText(file, "of a run that was killed");
        _ = new Trainer(TinyRecipes.Write(_folder, "classifier"), Folders);
        Assert.All(orphans, file => Assert.False(File.Exists(file), file));
        Assert.False(Directory.Exists(staged));
        Assert.True(File.Exists(other));
    }

    private sealed class OnProgress(Action<TrainingProgress> then) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => then(value);
    }
}
