using RnnService.Engine.Models;
using RnnService.Training;
using RnnService.Training.Corpora;
using RnnService.Training.Recipes;

namespace RnnService.Cli.Tests;

/// <summary>Training from code and by command are one thing.</summary>
public sealed class CodeTrainingTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(ModelTask.Classifier, "classifier", "train.tsv")]
    [InlineData(ModelTask.Tagger, "tagger", "train.conll")]
    [InlineData(ModelTask.LanguageModel, "language_model", "train.txt")]
    public void The_same_examples_and_settings_give_the_same_model(ModelTask task, string name, string file)
    {
        File.WriteAllText(
            _folder[file],
            task switch
            {
                ModelTask.Classifier => TinyCorpora.Labelled(40),
                ModelTask.Tagger => TinyCorpora.Spans(30),
                _ => TinyCorpora.Text(60),
            });
        string command = _folder["command"], code = _folder["code"];
        CommandRun.Of(
            "train", "--task", name, "--train", _folder[file], "--output", command, "--epochs", "2", "--hidden-size", "12", "--set", "golden_input=tick").Succeeded();

        var source = new CorpusSource { Path = _folder[file], Format = CorpusFormat.Guess(file, task) };
        string[] settings = ["golden_input=tick", "training.epochs=2", "model.hidden_size=12"];
        switch (task)
        {
            case ModelTask.Classifier:
                (string Text, string Label)[] texts = [.. Corpus.ReadLabelled(source).Select(example => (example.Text, example.Label))];
                ClassifierTrainer.Train(texts, Options(texts.Length)).Dispose();
                break;
            case ModelTask.Tagger:
                TaggedSentence[] sentences = [.. Corpus.ReadTagged(source).Select(sentence => new TaggedSentence(sentence.Words, sentence.Tags))];
                TaggerTrainer.Train(sentences, Options(sentences.Length)).Dispose();
                break;
            default:
                string text = File.ReadAllText(_folder[file]);
                LanguageModelTrainer.Train([text], Options(text.Length)).Dispose();
                break;
        }

        foreach (string part in (string[])["model.safetensors", "vocab.json", "config.json", "golden.json"])
            Assert.Equal(File.ReadAllText(Path.Combine(command, part)), File.ReadAllText(Path.Combine(code, part)));

        TrainingOptions Options(long size) => new() { Recipe = DefaultRecipes.For(task, size, settings), OutputFolder = code };
    }
}
