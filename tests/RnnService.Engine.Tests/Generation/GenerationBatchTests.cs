using RnnService.Engine.Generation;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Weights;
using Xunit;

namespace RnnService.Engine.Tests.Generation;

public sealed class GenerationBatchTests
{
    /// <summary>The batch grows and shrinks, streams rest inside and outside of it, and are removed in the middle of a prompt.</summary>
    [Theory]
    [InlineData(CellKind.Lstm)]
    [InlineData(CellKind.Gru)]
    public void Streams_that_come_rest_and_go_say_what_they_say_alone(CellKind kind)
    {
        LanguageModel model = Tiny.Language(kind);
        var random = new RandomSource(8);
        var options = new GenerationOptions[80];
        string[] prompts = new string[options.Length];
        for (int i = 0; i < options.Length; i++)
        {
            options[i] = new GenerationOptions { MaxNewTokens = 1 + random.Below(30), Seed = random.Next(), TopK = random.Below(9) };
            prompts[i] = Tiny.Text(ref random, 1 + random.Below(12));
        }

        var batch = model.NewBatch();
        GenerationStream[] all = [.. options.Select((option, i) => model.NewStream(prompts[i], option))];
        var running = new List<GenerationStream>();
        for (int next = 0; next < all.Length || running.Count > 0;)
        {
            for (int coming = random.Below(12); coming > 0 && next < all.Length; coming--) running.Add(all[next++]);
            GenerationStream[] stepping = [.. running.Where(_ => random.Below(3) > 0)];
            foreach (GenerationStream resting in running.Except(stepping))
            {
                if (random.Below(2) == 0) batch.Remove(resting);
            }

            batch.Advance(stepping, promptChunk: 1 + random.Below(4));
            running.RemoveAll(stream => stream.Finished is not null);
            Assert.InRange(batch.Count, 0, running.Count);
        }

        Assert.Equal(0, batch.Count);
        for (int i = 0; i < all.Length; i++)
            Assert.Equal(model.Generate(prompts[i], options[i]).Select(token => token.Token), all[i].Tokens.Select(token => token.Token));
    }

    [Fact]
    public void A_step_allocates_nothing_once_warm()
    {
        var random = new RandomSource(2);
        LanguageModel model = Tiny.Language(parameters: Parameters.From((name, shape) =>
        {
            float[] values = new float[shape.Aggregate((a, b) => a * b)];
            for (int i = 0; i < values.Length; i++) values[i] = (float)random.Normal();
            if (name == "head.bias") values[Tiny.Letters.EndId] = -1_000; // no stream ends
            return values;
        }));
        GenerationStream[] streams = [.. Enumerable.Range(0, 64).Select(seed => model.NewStream(
            "the cat", new GenerationOptions { MaxNewTokens = 1_000, Seed = (ulong)seed, TopK = 20, TopP = 0.9f }))];
        var batch = model.NewBatch();
        // The lists of tokens grow by doubling: between 130 and 250 tokens there is room.
        for (int step = 0; step < 140; step++) batch.Advance(streams);
        Assert.Equal(64, batch.Count);
        Expect.NoAllocation(() => batch.Advance(streams));
    }

    [Fact]
    public void A_stream_of_another_model_or_batch_is_refused_and_moves_nobody()
    {
        LanguageModel model = Tiny.Language();
        var options = new GenerationOptions { MaxNewTokens = 5, Seed = 3 };
        GenerationStream mine = model.NewStream("ab", options), stranger = Tiny.Language().NewStream("ab", options),
            taken = model.NewStream("ab", options);
        GenerationBatch batch = model.NewBatch(), other = model.NewBatch();
        other.Advance([taken]);
        Assert.Equal("a stream is another model's", Assert.Throws<ArgumentException>(() => batch.Advance([mine, stranger])).Message);
        Assert.Equal("a stream is in another batch", Assert.Throws<ArgumentException>(() => batch.Advance([mine, taken])).Message);
        Assert.Empty(mine.Tokens);
        other.Remove(taken);
        while (taken.Finished is null) batch.Advance([taken]);
        while (mine.Finished is null) batch.Advance([mine]);
        Assert.Equal(mine.Text, taken.Text);
        batch.Remove(mine);
    }
}
