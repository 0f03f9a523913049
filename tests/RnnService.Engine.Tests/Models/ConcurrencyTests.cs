using RnnService.Engine.Generation;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Weights;
using Xunit;

namespace RnnService.Engine.Tests.Models;

/// <summary>One model, many threads: every answer has the bits it has alone.</summary>
public sealed class ConcurrencyTests
{
    private const int Threads = 8, Rounds = 30;

    [Fact]
    public void A_language_model_gives_every_thread_the_same_bits()
    {
        LanguageModel model = Tiny.Language();
        Run(index =>
        {
            var options = new GenerationOptions { MaxNewTokens = 10, Seed = (ulong)index, ScorePrompt = true };
            var stream = model.NewStream("the cat" + new string('a', index), options);
            while (stream.Finished is null) model.Advance([stream], promptChunk: 3);
            return [.. stream.Tokens.Select(token => token.Token).Concat(stream.Prompt.Skip(1)).Select(token => token.LogProbability)];
        });
    }

    [Fact]
    public void A_classifier_gives_every_thread_the_same_bits()
    {
        Classifier model = Tiny.Classifier(CellKind.Gru, Pooling.Max);
        Run(index =>
        {
            var random = new RandomSource((ulong)index);
            return model.Classify([model.Encode(string.Join(' ', Tiny.Sentence(ref random, 1 + index)))])[0];
        });
    }

    [Fact]
    public void A_tagger_gives_every_thread_the_same_bits()
    {
        Tagger model = Tiny.Tagger();
        Run(index =>
        {
            var random = new RandomSource((ulong)index);
            return [.. model.Tag([model.Encode(Tiny.Sentence(ref random, 1 + index))])[0].Select(tag => tag.Score)];
        });
    }

    private static void Run(Func<int, float[]> answer)
    {
        float[][] wanted = [.. Enumerable.Range(0, Threads).Select(answer)];
        var failures = new List<Exception>();
        Thread[] threads = [.. Enumerable.Range(0, Threads).Select(thread => new Thread(() =>
        {
            try
            {
                for (int round = 0; round < Rounds; round++)
                {
                    int index = (thread + round) % Threads;
                    Expect.SameBits(wanted[index], answer(index));
                }
            }
            catch (Exception error)
            {
                lock (failures) failures.Add(error);
            }
        }))];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
        Assert.Empty(failures);
    }
}
