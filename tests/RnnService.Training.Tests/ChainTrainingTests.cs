using RnnService.Engine.Models;
using RnnService.Training.Corpora;
using RnnService.Training.Evaluation;
using RnnService.Training.Recipes;
using RnnService.Training.Runs;
using RnnService.Training.Tests.Runs;
using Xunit;

namespace RnnService.Training.Tests;

/// <summary>Taggers with a conditional random field that mark spans in another way than their corpora.</summary>
public sealed class ChainTrainingTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Spans_are_learnt_and_answered_in_BIO_whatever_the_corpus_has()
    {
        byte[]? weights = null;
        foreach (string letters in (string[])["BIIB", "BIES", "BMES", "BILU", "IIII"])
        {
            Recipe recipe = Write(letters, "model.crf=true", "model.tags=bioes");
            string output = _folder[letters];
            Assert.Equal(RunEnd.Finished, new Trainer(recipe, new RunFolders { Data = _folder[""], Output = output }).Run(cancellationToken: Cancellation));
            using var model = ModelFolder.Load<Tagger>(output);
            Assert.Equal(["B-LOC", "B-PER", "I-LOC", "I-PER", "O"], model.Labels);
            Assert.Equal(1, model.Config.Metrics["valid_span_f1"]);
            Assert.Equal([("PER", "Marie Curie"), ("LOC", "Paris")], model.Tag("Marie Curie saw Paris").Select(span => (span.Label, span.Text)));
            Assert.Equal(["B-PER", "I-PER", "O", "B-LOC"], model.TagWords("Marie Curie saw Paris").Select(word => word.Label));

            // What is learnt depends on the spans alone, and scores on a corpus of any notation are the same.
            byte[] own = File.ReadAllBytes(Path.Combine(output, "model.safetensors"));
            Assert.Equal(weights ??= own, own);
            Assert.Equal(1, Evaluator.Evaluate(model, Corpus.ReadTagged(new CorpusSource { Path = _folder["valid.conll"], Format = CorpusFormat.Conll })).Spans!.Overall.F1);
        }
    }

    [Theory]
    [InlineData("model.crf=true")]
    [InlineData("model.crf=true,model.tags=bio,training.optimizer=sgd,training.average_decay=0.9")]
    public void Stopping_after_every_few_steps_changes_no_bit(string settings)
    {
        Recipe recipe = Write("BIIB", [.. settings.Split(','), "training.epochs=2"]);
        string straight = _folder["straight"], stopped = _folder["stopped"];
        new Trainer(recipe, new RunFolders { Data = _folder[""], Output = straight }).Run(cancellationToken: Cancellation);
        Assert.True(StoppedRun.Finish(recipe, new RunFolders { Data = _folder[""], Output = stopped }, steps: 5) > 1);
        Assert.Equal(File.ReadAllBytes(Path.Combine(straight, "model.safetensors")), File.ReadAllBytes(Path.Combine(stopped, "model.safetensors")));
    }

    [Fact]
    public void Tags_that_mark_no_spans_are_refused_by_name()
    {
        TaggedSentence[] sentences = [new(["the", "cat"], ["DET", "NOUN"]), new(["a", "dog"], ["DET", "NOUN"])];
        var options = new TrainingOptions
        {
            Recipe = DefaultRecipes.For(ModelTask.Tagger, 2) is var recipe ? recipe with { Model = recipe.Model with { Tags = SpanTags.Bioes } } : null,
        };
        Assert.Equal(
            "the training sentences: the tags are \"DET\", \"NOUN\"; expected some that mark spans, such as B-PER, since model.tags is given",
            Assert.Throws<CorpusException>(() => TaggerTrainer.Train(sentences, options, cancellationToken: Cancellation)).Message);
    }

    /// <summary>Names of one word or two, never side by side, and what says so; marked by the letters of first, inner, last and only word.</summary>
    private Recipe Write(string letters, params string[] settings)
    {
        var random = new Random(5);
        string[] people = ["Marie Curie", "Ada", "Alan M. Turing"], places = ["Paris", "New York"];
        File.WriteAllLines(_folder["train.conll"], Enumerable.Range(0, 60).SelectMany(_ => Sentence()));
        File.WriteAllLines(_folder["valid.conll"], Enumerable.Range(0, 8).SelectMany(_ => Sentence()));
        File.WriteAllText(_folder["recipe.json"], """
            {
              "model": { "task": "tagger", "cell": "gru", "tokenizer": "whitespace", "embedding_size": 10, "hidden_size": 10, "bidirectional": true },
              "data": { "train": [{ "path": "train.conll", "format": "conll" }], "valid": [{ "path": "valid.conll", "format": "conll" }] },
              "training": { "epochs": 8, "batch_size": 6, "learning_rate": 0.03, "shards": 2, "log_every": 3 },
              "golden_input": "Ada saw Paris"
            }
            """);
        return Recipe.Read(_folder["recipe.json"], settings);

        IEnumerable<string> Sentence() =>
            [.. Span(people[random.Next(3)], "PER"), $"{(random.Next(2) == 0 ? "saw" : "left")}\tO", .. Span(places[random.Next(2)], "LOC"), ""];

        IEnumerable<string> Span(string name, string type)
        {
            string[] words = name.Split(' ');
            return words.Select((word, i) => $"{word}\t{letters[words.Length == 1 ? 3 : i == 0 ? 0 : i == words.Length - 1 ? 2 : 1]}-{type}");
        }
    }
}
