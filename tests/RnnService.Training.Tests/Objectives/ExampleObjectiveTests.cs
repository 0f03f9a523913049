using CsCheck;
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

public sealed class ExampleObjectiveTests
{
    [Fact]
    public void The_parts_of_all_batches_hold_every_example_once_an_epoch() =>
        Gen.Select(Gen.Int[1, 30].Array[1, 60], Gen.Int[1, 9], Gen.Int[1, 9], Gen.Int[0, 3]).Sample((lengths, size, shards, epoch) =>
        {
            var probe = new Probe(new TrainingSettings { BatchSize = size, Shards = Math.Min(size, shards) }, lengths);
            for (int index = 0; index < probe.StepsIn(epoch); index++)
            {
                probe.Begin(epoch, index);
                int before = probe.Seen.Count;
                for (int shard = 0; shard < Math.Min(size, shards); shard++) probe.Run(shard, null!, null!);
                Assert.InRange(probe.Seen.Count - before, 1, size);
            }

            Assert.Equal(Enumerable.Range(0, lengths.Length), probe.Seen.Order());
            // Parts of about the same size: none waits for another.
            Assert.All(probe.Parts, part => Assert.InRange(part, 1, (size + Math.Min(size, shards) - 1) / Math.Min(size, shards)));
        }, iter: 200);

    /// <summary>A word seen n times is read as unknown with chance a/(a+n): one never seen always, none where a is 0.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(0.25)]
    [InlineData(1)]
    [InlineData(30)]
    public void Rare_words_are_read_as_unknown_more_often(double a)
    {
        const int unknown = 99, draws = 4000;
        int[] counts = [1, 3, 20, 1000];
        var probe = new Probe(new TrainingSettings { UnknownChance = a }, [1]);
        var pass = new Pass(new Workspace(), new Dropout(4));
        int[][] drawn = [.. Enumerable.Range(0, draws).Select(_ => probe.Drop([0, 1, 2, 3], counts, unknown, pass))];
        for (int id = 0; id < counts.Length; id++)
        {
            Assert.All(drawn, ids => Assert.True(ids[id] == id || ids[id] == unknown));
            Assert.Equal(a / (a + counts[id]), drawn.Count(ids => ids[id] == unknown) / (double)draws, 0.03);
        }
    }

    private sealed class Probe(TrainingSettings settings, IReadOnlyList<int> lengths) : ExampleObjective(settings)
    {
        public List<int> Seen { get; } = [];

        public List<int> Parts { get; } = [];

        public override TextModel Model => throw new NotSupportedException();

        public override CorpusFingerprint Train => throw new NotSupportedException();

        public override CorpusFingerprint Valid => throw new NotSupportedException();

        public override CorpusReport Report => throw new NotSupportedException();

        private protected override IReadOnlyList<int> Lengths => lengths;

        public override ValidationScore Evaluate() => throw new NotSupportedException();

        public int[] Drop(int[] ids, int[] counts, int unknown, Pass pass) => DropWords(ids, counts, unknown, pass);

        private protected override ShardResult Run(int[] examples, Pass pass, Gradients gradients)
        {
            Seen.AddRange(examples);
            Parts.Add(examples.Length);
            return default;
        }
    }
}
