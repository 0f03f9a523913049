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

    private Objective Create(string text)
    {
        Recipe recipe = TinyRecipes.Write(
            _folder, "language_model", $"training.unroll_steps={Unroll}", $"training.batch_size={Streams}", "training.shards=2",
            "training.dropout.between=0", "training.dropout.output=0");
        _folder.Write("train.txt", text);
        return Objective.Create(recipe, _folder[""]);
    }
}
