using System.Xml.Linq;
using RnnService.Engine.Layers;
using RnnService.Training.Comparison;
using RnnService.Training.Comparison.Experiments;
using RnnService.Training.Comparison.Figures;
using RnnService.Training.Comparison.Tasks;
using Xunit;

namespace RnnService.Training.Tests.Comparison;

/// <summary>The whole page at the size of a toy: all runs are made once.</summary>
public sealed class ToyComparison : IDisposable
{
    internal static readonly ComparisonScale Toy = ComparisonScale.Quick with
    {
        Name = "toy",
        NumberHidden = 4,
        Lengths = [4, 6, 8],
        Delays = [1, 2, 3],
        NumberSteps = 6,
        TextHidden = 6,
        Texts = 40,
        Sentences = 20,
        Characters = 4000,
        Pairs = 40,
        TestPairs = 12,
        FewExamples = 1,
        FewTests = 12,
        BaseSize = 6,
        RateSeconds = .01,
    };

    private readonly ScratchFolder _folder = new();

    public ToyComparison()
    {
        Data = _folder["data"];
        ToyCorpora.WriteTo(Data);
        ToyCorpora.WriteBaseTo(_folder["models"], Toy.BaseSize);
        Comparison = new ModelComparison(Toy, Data, _folder["models"]);
        Store = new ResultStore(_folder["runs.jsonl"]);
        Comparison.Run([.. ModelComparison.Names], Store, null, TestContext.Current.CancellationToken);
    }

    internal string Data { get; }

    internal string RunsFile => _folder["runs.jsonl"];

    internal ModelComparison Comparison { get; }

    internal ResultStore Store { get; }

    /// <summary>The content of a figure whose runs are changed before.</summary>
    internal FigureContent Show(string id, Func<RunResult, RunResult>? change = null)
    {
        ComparedFigure figure = Comparison.Experiments.SelectMany(one => one.Figures).Single(one => one.Id == id);
        return figure.Show(new FigureRuns([.. figure.Runs.Select(run => Store.Find(run)!).Select(run => change?.Invoke(run) ?? run)]));
    }

    public void Dispose() => _folder.Dispose();
}

public sealed class ComparisonTests(ToyComparison toy) : IClassFixture<ToyComparison>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void The_page_shows_every_figure_with_its_command_seeds_and_sentences()
    {
        Article article = ComparisonPage.Of(ToyComparison.Toy, toy.Store, "figures");
        string page = article.ToMarkdown(), html = article.ToHtml();
        Assert.DoesNotContain("Not measured", page, StringComparison.Ordinal);
        Assert.DoesNotContain("NaN", page, StringComparison.Ordinal);
        foreach (Experiment experiment in toy.Comparison.Experiments)
        {
            Assert.Contains($"## {experiment.Title}\n", page, StringComparison.Ordinal);
            foreach (ComparedFigure figure in experiment.Figures)
            {
                FigureContent content = toy.Show(figure.Id);
                Assert.Equal(2, content.Claims.Count);
                Assert.All(content.Claims.Append(content.Choice), claim => Assert.Contains(claim.Sentence, page, StringComparison.Ordinal));
                Assert.All(content.Table, row => Assert.Equal(content.Table[0].Length, row.Length));
                Assert.Equal(content.Svg, article.Figures[figure.Id + ".svg"]);
                XElement.Parse(content.Svg);
                Assert.Contains($"![{figure.Title}](figures/{figure.Id}.svg)", page, StringComparison.Ordinal);
                Assert.Contains($"`rnn compare --only {experiment.Name} --quick", page, StringComparison.Ordinal);
            }
        }

        Assert.Contains("; seeds 1 and 2; ", page, StringComparison.Ordinal);
        Assert.DoesNotContain(".md", html, StringComparison.Ordinal);
    }

    [Fact]
    public void What_was_kept_is_not_made_again_and_gives_the_same_page()
    {
        var store = new ResultStore(toy.RunsFile);
        toy.Comparison.Run([.. ModelComparison.Names], store, _ => Assert.Fail("a run was made again"), Cancel);
        Assert.Equal(ComparisonPage.Of(ToyComparison.Toy, toy.Store, "x").ToHtml(), ComparisonPage.Of(ToyComparison.Toy, store, "x").ToHtml());
    }

    [Fact]
    public void A_comparison_that_was_stopped_goes_on_to_the_same_figures()
    {
        using var folder = new ScratchFolder();
        using var stop = new CancellationTokenSource();
        var store = new ResultStore(folder["runs.jsonl"]);
        Assert.Throws<OperationCanceledException>(() => toy.Comparison.Run(["gates"], store, _ => stop.Cancel(), stop.Token));
        RunResult first = Assert.Single(store.Runs);
        File.AppendAllText(folder["runs.jsonl"], "{\"task\":\"made te"); // as a killed process leaves it
        Assert.Contains("Not measured: 1 of 2 runs are there.", ComparisonPage.Of(ToyComparison.Toy, store, "x").ToMarkdown(), StringComparison.Ordinal);
        toy.Comparison.Run(["gates"], store = new ResultStore(folder["runs.jsonl"]), null, Cancel);
        Assert.Equal(first.Seconds, store.Runs[0].Seconds);
        foreach (RunResult run in store.Runs)
        {
            RunResult other = toy.Store.Runs.Single(one => one.Key == run.Key);
            Assert.Equal(other.Values[ComparedTask.Loss], run.Values[ComparedTask.Loss]);
            Assert.Equal(other.Series[LanguageTask.Keeps], run.Series[LanguageTask.Keeps]);
        }
    }

    [Fact]
    public void Figures_whose_corpora_are_not_there_say_so()
    {
        using var folder = new ScratchFolder();
        var store = new ResultStore(folder["runs.jsonl"]);
        var comparison = new ModelComparison(ToyComparison.Toy, folder["none"], folder["none"]);
        comparison.Run(["gates"], store, null, Cancel);
        Assert.All(store.Runs, run => Assert.Equal("made text", run.Task));
        string page = ComparisonPage.Of(ToyComparison.Toy, store, "x").ToMarkdown();
        Assert.Contains("`rnn compare --only gates --quick --data FOLDER` makes the others, with `shakespeare/train.txt` and `shakespeare/valid.txt` in that folder.", page, StringComparison.Ordinal);
        Assert.Contains("; Starting as a rotation, or at random (`rnn compare --only start --quick`)", page, StringComparison.Ordinal);
        Assert.DoesNotContain("## Starting as a rotation", page, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_holds_something_else_is_refused()
    {
        using var folder = new ScratchFolder();
        folder.Write("runs.jsonl", "{\"task\":\"adding\"}\n");
        string message = Assert.Throws<InvalidDataException>(() => new ResultStore(folder["runs.jsonl"])).Message;
        Assert.Contains("runs.jsonl, line 1 is not a run", message, StringComparison.Ordinal);
    }

    /// <summary>Sentences follow the figures: runs that say the opposite give the opposite sentence.</summary>
    [Theory]
    [MemberData(nameof(Contradictions))]
    public void A_sentence_is_computed_from_the_runs(string figure, int claim, string value, string[] high)
    {
        FigureContent one = toy.Show(figure, run => With(run, IsHigh(run.Variant) ? 1 : 0)), other = toy.Show(figure, run => With(run, IsHigh(run.Variant) ? 0 : 1));
        Assert.NotEqual(one.Claims[claim].Holds, other.Claims[claim].Holds);
        Assert.NotEqual(one.Claims[claim].Sentence, other.Claims[claim].Sentence);

        bool IsHigh(string variant) => high.Contains(variant) || high.Contains(variant.Split(' ')[0] + " in any size");

        // Of a step that was reached: those that have none never reached it.
        RunResult With(RunResult run, int rank)
        {
            var values = new Dictionary<string, double>(run.Values);
            if (value is not (ComparedTask.Solved or ComparedTask.Failed)) values[value] = .1 + (.8 * rank) + (.001 * run.Seed);
            else if (rank == 1) values[value] = 5;
            else values.Remove(value);
            return run with { Values = values };
        }
    }

    public static TheoryData<string, int, string, string[]> Contradictions => new()
    {
        { "adding", 0, ComparedTask.Solved, ["gru before", "gru", "lstm f=0", "lstm f=1"] },
        { "adding", 1, ComparedTask.Solved, ["relu id"] },
        { "copying", 0, ComparedTask.Solved, ["gru before", "gru", "lstm f=0", "lstm f=1"] },
        { "copying", 1, ComparedTask.Solved, ["relu id"] },
        { "cells-reviews", 0, ComparedTask.Score, ["gru", "lstm f=1"] },
        { "cells-reviews", 1, ComparedTask.Score, ["lstm f=1 ↔"] },
        { "cells-tags", 1, ComparedTask.Score, ["lstm f=1 ↔"] },
        { "cells-shakespeare", 1, ComparedTask.Score, ["lstm f=0"] },
        { "clipping", 0, ComparedTask.Failed, ["rate 0.1, clipped"] },
        { "clipping", 1, ComparedTask.Score, ["rate 0.001, clipped", "rate 0.01, clipped", "rate 0.1, clipped"] },
        { "dropout", 0, ComparedTask.Score, ["weights"] },
        { "dropout", 1, ComparedTask.Score, ["one mask"] },
        { "start", 0, ComparedTask.Solved, ["tanh"] },
        { "start", 1, ComparedTask.Solved, ["gru"] },
        { "attention", 0, ComparedTask.Score, ["attention"] },
        { "attention", 1, "bleu above 8 words", ["attention"] },
        { "sampling", 0, ComparedTask.Score, ["sampling"] },
        { "sampling", 1, ComparedTask.Loss, ["sampling"] },
        { "few-banking77-by-1", 0, ComparedTask.Score, ["english"] },
        { "few-imdb-by-10", 1, ComparedTask.Score, ["english"] },
        { "cost", 0, ComparedTask.Parameters, ["tanh in any size", "relu in any size"] },
    };

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void What_is_said_of_gates_follows_what_they_did(int claim)
    {
        string[] series = [LanguageTask.Keeps, LanguageTask.Resets];
        Assert.True(Show(rising: claim == 0).Claims[claim].Holds);
        Assert.False(Show(rising: claim != 0).Claims[claim].Holds);

        FigureContent Show(bool rising) => toy.Show("gates-made", run =>
        {
            double[] steps = [.. run.Series[LanguageTask.Remembers].Select((_, i) => i + 1.0)];
            return run with
            {
                Series = new Dictionary<string, double[]>(run.Series) { [LanguageTask.Remembers] = steps, [series[claim]] = [.. steps.Select(step => rising ? step : -step)] },
            };
        });
    }

    [Fact]
    public void What_is_said_of_gradients_follows_their_norms()
    {
        Assert.True(Show(open: .99, closed: .5).Claims[0].Holds);
        Assert.False(Show(open: .5, closed: .99).Claims[0].Holds);
        Assert.True(Show(open: 1.1, closed: .5).Claims[1].Holds);
        Assert.Contains("Gradients of lstm f=1 grow", Show(open: 1.1, closed: .5).Claims[1].Sentence, StringComparison.Ordinal);
        Assert.False(Show(open: .9, closed: .5).Claims[1].Holds);

        FigureContent Show(double open, double closed) => toy.Show("gradients-start", run => run with
        {
            Series = new Dictionary<string, double[]>
            {
                [AddingTask.AtStart] = [.. Enumerable.Range(0, 6).Select(back => 2 * Math.Pow(run.Variant == "lstm f=1" ? open : closed, back))],
            },
        });
    }

    [Theory]
    [InlineData(CellKind.Tanh, false)]
    [InlineData(CellKind.Gru, true)]
    [InlineData(CellKind.Lstm, true)]
    public void Cells_have_as_many_recurrent_weights_as_the_LSTM_or_a_unit_less(CellKind cell, bool both)
    {
        const int lstm = 24, input = 7;
        int size = new CellVariant("", cell, both).HiddenSize(lstm, input), blocks = cell switch { CellKind.Lstm => 4, CellKind.Gru => 3, _ => 1 } * (both ? 2 : 1);
        Assert.InRange(4 * lstm * (lstm + input), blocks * size * (size + input), (blocks * (size + 1) * (size + 1 + input)) - 1);
    }

    [Fact]
    public void A_unit_remembers_as_long_as_its_state_looks_like_itself()
    {
        const int held = 40;
        var random = new Random(1);
        double[] signs = [.. Enumerable.Range(0, 400).Select(_ => random.Next(2) == 0 ? 1.0 : -1)];
        // From 1 at no lag to about −1 at the next: 1/e is met after (1 − 1/e) / 2 of a step.
        Assert.Equal((1 - (1 / Math.E)) / 2, LanguageTask.MemoryOf([.. Enumerable.Range(0, 2000).Select(t => t % 2 == 0 ? 1.0 : -1)]), .001);
        Assert.InRange(LanguageTask.MemoryOf([.. signs.SelectMany(sign => Enumerable.Repeat(sign, held))]), held / 4, held * 2);
    }

    [Theory]
    [InlineData(new double[] { 1, 2, 3, 4 }, new double[] { 2, 3, 10, 11 }, 1)]
    [InlineData(new double[] { 1, 2, 3, 4 }, new double[] { 5, 4, 1, 0 }, -1)]
    [InlineData(new double[] { 1, 2, 3, 4 }, new double[] { 7, 7, 7, 7 }, 0)]
    [InlineData(new double[] { 1, 2, 3, 4 }, new double[] { 1, 3, 2, 4 }, 0.8)]
    public void Ranks_are_correlated(double[] one, double[] other, double correlation) => Assert.Equal(correlation, GatesExperiment.RankCorrelation(one, other), 12);

    [Fact]
    public void One_thing_is_above_another_where_all_its_runs_are()
    {
        Assert.True(Of(3, 4).IsAbove(Of(1, 2), "x"));
        Assert.False(Of(2, 4).IsAbove(Of(1, 2), "x"));
        Assert.False(Of(3, 4).IsAbove(new VariantRuns("t", "b", [new RunResult("t", "b", 1, "")]), "x"));
        Assert.Equal("3.50 (3.00 to 4.00)", Of(3, 4).Interval("x", FigureText.Number));

        static VariantRuns Of(params double[] values) => new("t", "a", [.. values.Select((value, seed) => new RunResult("t", "a", (ulong)seed, "") { Values = { ["x"] = value } })]);
    }
}
