using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Weights;
using RnnService.Training.Objectives;
using RnnService.Training.Recipes;
using RnnService.Training.Tests.Runs;
using Xunit;

namespace RnnService.Training.Tests.Objectives;

public sealed class LanguageObjectiveTests : IDisposable
{
    private const int Streams = 4, Unroll = 7;

    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>
    /// The windows of an epoch are each stream read from a zero state without a gap: their losses add up to what the model gives the stream
    /// in one go. Only where the first window begins is drawn.
    /// </summary>
    [Fact]
    public void An_epoch_reads_every_stream_once_from_a_zero_state()
    {
        var random = new Random(5);
        Objective objective = Create(new string([.. Enumerable.Range(0, 413).Select(_ => "abcd. "[random.Next(6)])]));
        var model = (LanguageModel)objective.Model;
        int[] tokens = model.Tokenizer.Encode(File.ReadAllText(_folder["train.txt"]));
        int length = tokens.Length / Streams;
        var gradients = new Gradients(model.Parameters);
        var starts = new HashSet<int>();
        foreach (int epoch in (int[])[0, 1, 2, 0, 3, 4, 5])
        {
            double loss = 0;
            long predictions = 0;
            for (int index = 0; index < objective.StepsIn(epoch); index++)
            {
                objective.Begin(epoch, index);
                for (int shard = 0; shard < 2; shard++)
                {
                    ShardResult part = objective.Run(shard, new Pass(new Workspace(), new Dropout(1), record: true), gradients);
                    loss += part.Loss;
                    predictions += part.Predictions;
                }
            }

            Assert.Equal((long)objective.StepsIn(epoch) * Streams * Unroll, predictions);
            int each = (int)predictions / Streams;
            int[] fit = [.. Enumerable.Range(0, Unroll).Where(start => start + each < length && Math.Abs(Nats(start, each) - loss) < 1e-3)];
            Assert.True(fit.Length == 1, $"epoch {epoch}: {fit.Length} places fit");
            if (epoch == 0) Assert.Equal(0, fit[0]);
            starts.Add(fit[0]);
        }

        Assert.True(starts.Count > 2, "epochs begin at the same place");

        double Nats(int start, int each) => model.Score(
            [.. Enumerable.Range(0, Streams).Select(row => (ReadOnlyMemory<int>)tokens.AsMemory((row * length) + start, each + 1))], model.NewState(Streams)).Sum();
    }

    [Fact]
    public void Two_tokens_a_stream_are_enough_and_one_less_is_not()
    {
        Assert.Equal(1, Create(new string('a', 2 * Streams)).StepsIn(0));
        Assert.Contains("expected 8 or more", Assert.Throws<InvalidDataException>(() => Create(new string('a', (2 * Streams) - 1))).Message, StringComparison.Ordinal);
    }

    /// <summary>
    /// A stream that is begun anew is one that was not read before: with every chance each window's loss is that of its tokens alone; with none only the
    /// first window of an epoch begins at zero, and with some some.
    /// </summary>
    [Fact]
    public void Streams_are_begun_anew_by_chance()
    {
        string text = string.Concat(Enumerable.Range(0, 150).Select(i => $"{i} "));
        Assert.Equal(0, Anew(0));
        Assert.Equal(1, Anew(1));
        Assert.InRange(Anew(0.3), 0.1, 0.5);

        double Anew(double chance)
        {
            Objective objective = Create(text, chance);
            var model = (LanguageModel)objective.Model;
            int[] tokens = model.Tokenizer.Encode(text);
            int length = tokens.Length / Streams, windows = objective.StepsIn(0), anew = 0;
            var gradients = new Gradients(model.Parameters);
            RecurrentState carried = model.NewState(Streams);
            for (int index = 0; index < windows; index++)
            {
                ReadOnlyMemory<int>[] rows = [.. Enumerable.Range(0, Streams).Select(row => (ReadOnlyMemory<int>)tokens.AsMemory((row * length) + (index * Unroll), Unroll + 1))];
                RecurrentState zero = model.NewState(Streams);
                double[] fromZero = model.Score(rows, zero), goesOn = model.Score(rows, carried);
                objective.Begin(0, index);
                double loss = Enumerable.Range(0, 2).Sum(shard => objective.Run(shard, new Pass(new Workspace(), new Dropout(1), record: true), gradients).Loss);
                bool[] chosen = [.. Enumerable.Range(0, 1 << Streams).Select(set => Math.Abs(Enumerable.Range(0, Streams).Sum(row => (set >> row & 1) == 1 ? fromZero[row] : goesOn[row]) - loss) < 1e-5)];
                int found = Array.IndexOf(chosen, true);
                Assert.True(found >= 0, $"window {index}: no choice of streams fits");
                for (int row = 0; row < Streams; row++)
                {
                    if ((found >> row & 1) == 0) continue;
                    carried.CopyFrom(zero, row, row);
                    if (index > 0) anew++;
                }
            }

            return anew / (double)(Streams * (windows - 1));
        }
    }

    private Objective Create(string text, double reset = 0)
    {
        Recipe recipe = TinyRecipes.Write(
            _folder, "language_model", $"training.unroll_steps={Unroll}", $"training.batch_size={Streams}", "training.shards=2",
            "training.dropout.between=0", "training.dropout.output=0", FormattableString.Invariant($"training.state_reset={reset}"));
        _folder.Write("train.txt", text);
        return Objective.Create(recipe, _folder[""]);
    }
}
