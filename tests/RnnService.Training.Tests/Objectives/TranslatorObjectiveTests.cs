using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Weights;
using RnnService.Training.Corpora;
using RnnService.Training.Evaluation;
using RnnService.Training.Objectives;
using RnnService.Training.Recipes;
using Xunit;

namespace RnnService.Training.Tests.Objectives;

public sealed class TranslatorObjectiveTests
{
    private static readonly TextPair[] Pairs =
        [.. Enumerable.Range(0, 24).Select(i => new TextPair(string.Join(' ', Enumerable.Repeat("eins", 1 + i % 4)), string.Join(' ', Enumerable.Repeat("one", 1 + i % 6))))];

    private static TranslatorObjective Of(IReadOnlyList<TextPair> pairs, params string[] settings)
    {
        Recipe recipe = DefaultRecipes.For(
            ModelTask.Translator, pairs.Count,
            ["model.embedding_size=8", "model.hidden_size=6", "model.decoder.hidden_size=7", "data.max_vocabulary=270", "training.batch_size=6", .. settings]);
        return new TranslatorObjective(recipe, new RunCorpora<TextPair>([.. pairs], [pairs[0]], "train", "valid", []) { IsInMemory = true });
    }

    private static ShardResult Run(TranslatorObjective objective, int epoch = 0, int index = 0)
    {
        objective.Begin(epoch, index);
        var pass = new Pass(new Workspace(), new Dropout(1, 2, 3), record: true);
        return objective.Run(0, pass, new Gradients(objective.Model.Parameters));
    }

    /// <summary>The loss of a step without dropout and smoothing is what the model says of the same pairs when it is asked for a score.</summary>
    [Fact]
    public void The_loss_is_that_of_every_target_and_its_end_given_the_source()
    {
        string[] plain = ["training.dropout.embedding=0", "training.dropout.output=0", "training.label_smoothing=0", "training.shards=1", "training.batch_size=24"];
        TranslatorObjective objective = Of(Pairs, plain);
        var model = (Translator)objective.Model;
        int[][] targets = [.. Pairs.Select(pair => model.ReadTarget(pair.Target))];
        ShardResult result = Run(objective);
        Assert.Equal(model.Score([.. Pairs.Select(pair => model.ReadSource(pair.Source))], targets).Sum(), result.Loss, 1e-3 * result.Loss);
        Assert.Equal(targets.Sum(target => target.Length - 1), result.Predictions);
    }

    [Fact]
    public void A_batch_has_targets_of_about_one_length()
    {
        TranslatorObjective objective = Of(Pairs, "training.shards=1", "training.batch_size=4");
        // Of each of six lengths there are four: every batch is of one.
        var lengths = Enumerable.Range(0, objective.StepsIn(0)).Select(index => Run(objective, 0, index).Predictions % 4);
        Assert.All(lengths, rest => Assert.Equal(0, rest));
    }

    /// <summary>The chance is 0 at the first step, whose loss is then that of teacher forcing alone, and all of it at the last.</summary>
    [Fact]
    public void Scheduled_sampling_rises_from_nothing()
    {
        string[] settings = ["training.epochs=2", "training.shards=1", "training.dropout.embedding=0", "training.dropout.output=0"];
        TranslatorObjective forced = Of(Pairs, settings), sampled = Of(Pairs, [.. settings, "training.scheduled_sampling=1"]);
        Assert.Equal(Run(forced).Loss, Run(sampled).Loss);
        int last = forced.StepsIn(1) - 1;
        Assert.NotEqual(Run(forced, 1, last).Loss, Run(sampled, 1, last).Loss);
    }

    [Fact]
    public void Long_pairs_are_left_out_of_training_and_said()
    {
        TranslatorObjective objective = Of(Pairs, "data.max_tokens=4", "training.shards=1", "training.batch_size=24");
        Assert.Contains("8 of 24 pairs have a side longer than data.max_tokens (4) and are left out", objective.Report.Notes.Select(note => note.Sentence));
        Assert.Equal(1, objective.StepsIn(0));
        Assert.Equal(Pairs.Count(pair => pair.Target.Split(' ').Length <= 4), Pairs.Length - 8);
        Assert.Equal(Pairs.Where(pair => pair.Target.Split(' ').Length <= 4).Sum(pair => pair.Target.Split(' ').Length + 1), Run(objective).Predictions);
    }

    [Fact]
    public void Odd_pairs_are_said()
    {
        TextPair[] odd = [.. Pairs, new("eins", string.Join(' ', Enumerable.Repeat("one", 20))), .. Pairs, .. Enumerable.Repeat(new TextPair("same", "same"), 4)];
        string[] notes = [.. Of(odd).Report.Notes.Select(note => note.ToString())];
        Assert.Contains(notes, note => note.StartsWith("1 of 53 training pairs have one side more than 4 times as long as the other", StringComparison.Ordinal));
        Assert.Contains(notes, note => note.Contains("training pairs repeat an earlier one (distinct=true)", StringComparison.Ordinal));
        Assert.Contains(notes, note => note.StartsWith("4 of 53 training pairs have the same text on both sides", StringComparison.Ordinal));
    }

    /// <summary>Both files of a recipe's pairs start from the data folder.</summary>
    [Fact]
    public void Two_files_of_a_recipe_lie_in_the_data_folder()
    {
        using var folder = new ScratchFolder();
        folder.Write("a.de", "eins\nzwei\n");
        folder.Write("a.en", "one\ntwo\n");
        CorpusSource[] corpora = [new() { Path = "a.de", TargetPath = "a.en", Format = CorpusFormat.Parallel }];
        Recipe recipe = DefaultRecipes.For(ModelTask.Translator, corpora, corpora, 2, ["data.max_vocabulary=260", "training.batch_size=2"]);
        Assert.Equal(2, Objective.Create(recipe, folder[""]).Report.Train.Texts);
    }

    /// <summary>Without a validation part of its own, all translations of one source are on one side.</summary>
    [Fact]
    public void A_split_keeps_translations_of_a_source_together()
    {
        TextPair[] pairs = [.. Enumerable.Range(0, 200).Select(i => new TextPair($"source {i % 50}", $"target {i}"))];
        Recipe recipe = DefaultRecipes.For(ModelTask.Translator, pairs.Length);
        CorpusParts<TextPair[]> parts = CorpusParts.Split(recipe, new RunCorpora<TextPair>(pairs, null, "train", "", []));
        Assert.Equal(20, parts.Valid.Length);
        Assert.Empty(parts.Valid.Select(pair => pair.Source).Intersect(parts.Train.Select(pair => pair.Source)));
    }

    /// <summary>A source that is too long to translate would end the training at its first score.</summary>
    [Fact]
    public void Validation_pairs_that_cannot_be_translated_are_left_out_and_said()
    {
        TextPair tooLong = new(new string('x', Translator.MostSourceTokens + 1), "one") { Path = "dev.tsv", Line = 2 }, empty = new("", "one") { Path = "dev.tsv", Line = 3 };
        Recipe recipe = DefaultRecipes.For(
            ModelTask.Translator, Pairs.Length, ["model.embedding_size=8", "model.hidden_size=6", "model.decoder.hidden_size=7", "data.max_vocabulary=270", "training.batch_size=6"]);
        var objective = new TranslatorObjective(recipe, new RunCorpora<TextPair>(Pairs, [Pairs[0], tooLong, empty, Pairs[1]], "train", "valid", []) { IsInMemory = true });
        Assert.Contains(
            objective.Report.Notes.Select(note => note.Sentence),
            note => note.StartsWith("dev.tsv, line 2: the source holds 4097 ", StringComparison.Ordinal) && note.EndsWith("expected 1 to 4096; 2 of 4 validation pairs are left out", StringComparison.Ordinal));
        Assert.True(double.IsFinite(objective.Evaluate().Loss));
        Assert.Equal(2, objective.Report.Valid.Texts);

        InvalidDataException error = Assert.Throws<InvalidDataException>(() => Evaluator.Evaluate((Translator)objective.Model, [Pairs[0], empty]));
        Assert.StartsWith("dev.tsv, line 3: the source holds 0 ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_evaluation_scores_every_target_and_translates_as_many_as_it_may()
    {
        var model = (Translator)Of(Pairs).Model;
        TranslationReport all = Evaluator.Evaluate(model, Pairs), some = Evaluator.Evaluate(model, Pairs, most: 5);
        Assert.Equal((24, 5), (all.Translations.Count, some.Translations.Count));
        Assert.Equal(all.Tokens, some.Tokens);
        Assert.Equal(Pairs.Sum(pair => model.ReadTarget(pair.Target).Length - 1), all.Tokens.Count);
        Assert.Equal(("bleu", all.Bleu.Value), (ValidationScore.Of(all).Metric, ValidationScore.Of(all).Value));
    }
}
