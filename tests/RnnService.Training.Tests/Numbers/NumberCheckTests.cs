using RnnService.Audio;
using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;
using RnnService.Training.Corpora;
using RnnService.Training.Evaluation;
using RnnService.Training.Objectives;
using RnnService.Training.Recipes;
using Xunit;

namespace RnnService.Training.Tests.Numbers;

/// <summary>Corpora that are not what a model of numbers needs are refused with the place, in an evaluation as in a training.</summary>
public sealed class NumberCheckTests
{
    private static readonly NumberExample Three = new() { Sequence = new NumberSequence(new float[] { 1, 2, 3 }, 1), Name = "x.csv, line 2" };

    [Theory]
    [InlineData(ModelTask.Classifier, "", 0, "has 0 labels; expected one, at every step or once")]
    [InlineData(ModelTask.Classifier, "a b a", 0, "has 2 labels; expected one, at every step or once")]
    [InlineData(ModelTask.Tagger, "", 0, "has 0 labels; expected 3, one a step")]
    [InlineData(ModelTask.Tagger, "a b", 0, "has 2 labels; expected 3, one a step")]
    [InlineData(ModelTask.Regressor, "", 0, "has no values to be found; expected a column of numbers")]
    [InlineData(ModelTask.Regressor, "", 2, "has 2 values to be found; expected 1, at every step or once")]
    public void An_evaluation_refuses_what_lacks_its_answers(ModelTask task, string labels, int values, string message)
    {
        NumberExample example = Three with { Labels = labels.Split(' ', StringSplitOptions.RemoveEmptyEntries), Values = new float[values] };
        Assert.Equal($"x.csv, line 2: {message}", Assert.Throws<InvalidDataException>(() => NumberEvaluator.Evaluate(Model(task), [example])).Message);
        Assert.Equal($"x.csv, line 2: {message}", Assert.Throws<InvalidDataException>(() => NumberTargets.Check(Model(task).Config, example)).Message);
    }

    [Fact]
    public void A_regressor_of_every_step_needs_a_value_for_each()
    {
        NumberModel model = Model(ModelTask.Regressor, eachStep: true);
        Assert.Equal(3, NumberEvaluator.Evaluate(model, [Three with { Values = new float[3] }]).Errors!.Count);
        Assert.Equal(
            "x.csv, line 2: has 6 values to be found; expected 3, 1 a step",
            Assert.Throws<InvalidDataException>(() => NumberEvaluator.Evaluate(model, [Three with { Values = new float[6] }])).Message);
    }

    [Fact]
    public void A_sound_is_refused_by_a_model_without_a_way_to_read_it() => Assert.Equal(
        "x.csv, line 2: is a sound; expected numbers",
        Assert.Throws<InvalidDataException>(() => NumberEvaluator.Evaluate(
            Model(ModelTask.Classifier), [Three with { Sequence = default, Sound = new Sound(new float[9], 8000), Labels = ["a"] }])).Message);

    [Fact]
    public void Labels_that_the_recipe_lacks_end_a_training_before_it_begins()
    {
        NumberExample[] corpus = [Three with { Labels = ["a"] }, Three with { Labels = ["c"], Name = "y.csv, line 2" }];
        Recipe recipe = DefaultRecipes.For(ModelTask.Classifier, [new CorpusSource { Path = "x.ts", Format = CorpusFormat.TimeSeries }], [], 2, ["model.labels=[\"a\",\"b\"]"]);
        CorpusException error = Assert.Throws<CorpusException>(() => new NumberObjective(recipe, new RunCorpora<NumberExample>(corpus, corpus, "x.ts", "", []), []));
        Assert.Contains("model.labels lacks 1 of the training corpora's labels: \"c\"", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ModelTask.Classifier, "csv", "x: every sequence has the label \"a\"; expected two labels or more: is the label in another column (label_column=COLUMN)")]
    [InlineData(ModelTask.Tagger, "ts", "x: every step has the label \"a\"; expected two labels or more")]
    [InlineData(ModelTask.Classifier, "wav", "x: every sequence has the label \"a\"; expected two labels or more: does another part of the files' names say it (name_pattern=REGEX)")]
    [InlineData(ModelTask.Classifier, null, "x: every sequence has the label \"a\"; expected two labels or more")]
    public void One_label_alone_teaches_nothing(ModelTask task, string? format, string message)
    {
        NumberExample[] corpus = [.. Enumerable.Range(0, 4).Select(_ => Three with { Labels = task == ModelTask.Tagger ? ["a", "a", "a"] : ["a"] })];
        Recipe recipe = DefaultRecipes.ForNumbers(task, 4);
        if (format is not null) recipe = recipe with { Data = recipe.Data with { Train = [new CorpusSource { Path = "x", Format = format }] } };
        CorpusException error = Assert.Throws<CorpusException>(() => new NumberObjective(recipe, new RunCorpora<NumberExample>(corpus, corpus, "x", "", []), []));
        Assert.Equal(message, error.Message);
    }

    [Fact]
    public void Symbols_that_a_transcriber_does_not_have_take_no_step_more()
    {
        NumberModel model = Model(ModelTask.Transcriber);
        Assert.True(NumberTargets.HasRoom(model.Config, Three with { Labels = ["x", "y", "z"] }));
        Assert.False(NumberTargets.HasRoom(model.Config, Three with { Labels = ["x", "x", "z"] }));
        NumberReport report = NumberEvaluator.Evaluate(model, [Three with { Labels = ["x", "y", "z"] }]);
        Assert.Equal((3, 0), (report.Symbols!.Symbols, report.Symbols.Right));
    }

    [Fact]
    public void Which_one_symbol_a_sequence_holds_is_told_where_it_is_asked_for()
    {
        NumberModel model = Model(ModelTask.Transcriber);
        NumberExample[] corpus = [Three with { Labels = ["a"] }, Three with { Labels = ["b"] }];
        NumberReport with = NumberEvaluator.Evaluate(model, corpus), without = NumberEvaluator.Evaluate(model, corpus, oneSymbol: false);
        Assert.Equal(2, with.Confusion!.Total);
        Assert.Null(without.Confusion);
        Assert.Equal(with.Symbols, without.Symbols);
    }

    /// <summary>As many errors as there are between what is said and what that many beams write.</summary>
    [Fact]
    public void Transcripts_are_measured_with_the_beams_that_are_asked_for()
    {
        var model = (Transcriber)Model(ModelTask.Transcriber);
        NumberExample[] corpus = [.. Enumerable.Range(0, 40).Select(i => new NumberExample { Sequence = new NumberSequence(Drawn(i), 1), Labels = ["a", "b", "a"] })];
        long Errors(int beams) => corpus.Sum(example => (long)NumberEvaluator.Distance(
            example.Labels, [.. model.Decode(model.Logits([example.Sequence])[0], beams).Symbols.Select(symbol => symbol.Text)]));
        Assert.NotEqual(Errors(1), Errors(8));
        Assert.Equal(Errors(1), NumberEvaluator.Evaluate(model, corpus).Symbols!.Errors);
        Assert.Equal(Errors(8), NumberEvaluator.Evaluate(model, corpus, beams: 8).Symbols!.Errors);
        double loss = 0;
        int[] said = [.. corpus[0].Labels.Select(label => 1 + model.Symbols.ToList().IndexOf(label))];
        foreach (NumberExample example in corpus) loss -= CtcLoss.LogProbability(model.Logits([example.Sequence])[0], model.Outputs, said);
        Assert.Equal(loss / (3 * corpus.Length), NumberEvaluator.Evaluate(model, corpus).Loss);

        static float[] Drawn(int key)
        {
            var random = new RandomSource((ulong)key);
            float[] values = new float[12];
            foreach (ref float value in values.AsSpan()) value = 3 * (float)random.Normal();
            return values;
        }
    }

    private static NumberModel Model(ModelTask task, bool eachStep = false) => NumberModel.Create(
        new ModelConfig
        {
            Task = task,
            Cell = CellKind.Gru,
            Tokenizer = Tokenization.None,
            HiddenSize = 4,
            Labels = task == ModelTask.Regressor ? ["value"] : ["a", "b"],
            Numbers = new NumbersConfig { Features = 1, EachStep = eachStep },
        },
        Parameters.Random(1));
}
