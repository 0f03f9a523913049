using RnnService.Cli.Shell;

namespace RnnService.Cli.Tests.Verbs;

public sealed class TuneTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_search_tells_its_trials_and_ends_with_a_command_that_trains()
    {
        CommandRun run = Tune("--trials", "4").Succeeded();
        Assert.Matches("^Trying values of [0-9]+ settings for 60 minutes: cell, learning_rate, ", run.Lines[0]);
        Assert.Equal("trial  epochs       score     time  settings that differ from the recipe", run.Lines[1]);
        Assert.Matches(@"^    1 +[0-9]+  +[0-9.]+ %  0:00:[0-9]{2}  none  best so far$", run.Lines[2]);
        Assert.Matches(@"^    4 +[0-9]+  +[0-9.]+ %  0:00:[0-9]{2}  [a-z]", run.Lines[5]);
        Assert.Matches("^Best of 4: trial [1-4], valid accuracy [0-9.]+ %\\.$", run.Lines[6]);
        Assert.DoesNotContain(run.Lines[2..6], line => line.Contains("batch_size=", StringComparison.Ordinal)); // an option named it
        Assert.Equal($"The best recipe is {_folder["tuned/recipe.json"]}. It trains with:", run.Lines[^2]);

        string[] command = run.Lines[^1].Trim().Split(' ');
        Assert.Equal("rnn", command[0]);
        Assert.Contains("The model is in", CommandRun.Of([.. command[1..], "--epochs", "1"]).Succeeded().Out, StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_command_goes_on_with_the_trials_there_are()
    {
        CommandRun first = Tune("--trials", "2").Succeeded(), more = Tune("--trials", "3").Succeeded();
        Assert.Equal(first.Lines[2..4], more.Lines[2..4]);
        Assert.Equal(4, File.ReadAllLines(_folder["tuned/tuning.jsonl"]).Length);
        CommandRun stopped = CommandRun.With(null, Arguments("--trials", "5"), stopped: true);
        Assert.Equal(ExitCode.Interrupted, stopped.Code);
        Assert.Contains("Stopped; the same command goes on from there.", stopped.Out, StringComparison.Ordinal);
        CommandRun.Of(Arguments("--trials", "3", "--learning-rate", "0.5")).FailedWith(ExitCode.Failed, "another recipe");
    }

    [Fact]
    public void Limits_out_of_their_range_are_refused()
    {
        CommandRun.Of(Arguments("--trials", "0")).FailedWith(ExitCode.Failed, "--trials is 0; expected a whole number, 1 or more");
        CommandRun.Of([.. Arguments()[..^2], "--minutes", "-1"]).FailedWith(ExitCode.Failed, "--minutes is -1; expected a number, above 0");
        CommandRun.Of("tune", "--output", "x").FailedWith(ExitCode.Misused, "Nothing to train");
    }

    private CommandRun Tune(params string[] options) => CommandRun.Of(Arguments(options));

    private string[] Arguments(params string[] options) =>
    [
        "tune", "--task", "classifier", "--train", _folder.Write("train.tsv", TinyCorpora.Labelled(48)), "--output", _folder["tuned"],
        "--batch-size", "8", .. options, "--minutes", "60",
    ];
}
