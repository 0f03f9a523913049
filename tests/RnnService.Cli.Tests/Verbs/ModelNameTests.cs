using RnnService.Cli.Shell;

namespace RnnService.Cli.Tests.Verbs;

public sealed class ModelNameTests(TrainedModels models)
{
    [Fact]
    public void A_model_is_found_by_name_under_models_and_the_names_there_are_told()
    {
        string before = Environment.CurrentDirectory;
        try
        {
            Environment.CurrentDirectory = models.Folder; // no other test has relative paths
            Assert.Contains("clock", CommandRun.Of("inspect", "clock").Succeeded().Out, StringComparison.Ordinal);
            CommandRun.Of("inspect", "watch").FailedWith(ExitCode.Failed, "no model folder watch", "there: clock, mood, names");
        }
        finally
        {
            Environment.CurrentDirectory = before;
        }
    }

    [Fact]
    public void A_folder_without_a_model_is_an_error()
    {
        using var folder = new ScratchFolder();
        CommandRun.Of("classify", folder.Root, "text").FailedWith(ExitCode.Failed, "config.json: missing");
    }

    [Fact]
    public void A_model_of_another_task_says_what_it_is_for()
    {
        CommandRun.Of("classify", models.LanguageModel, "t").FailedWith(ExitCode.Failed, "is a language model; expected a classifier: rnn generate");
        CommandRun.Of("tag", models.Classifier, "t").FailedWith(ExitCode.Failed, "is a classifier; expected a tagger: rnn classify");
        CommandRun.Of("generate", models.Tagger, "t").FailedWith(ExitCode.Failed, "is a tagger; expected a language model: rnn tag");
    }
}
