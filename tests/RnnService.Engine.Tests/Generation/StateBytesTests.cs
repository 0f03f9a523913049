using System.Security.Cryptography;
using CsCheck;
using RnnService.Engine.Generation;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;
using Xunit;

namespace RnnService.Engine.Tests.Generation;

/// <summary>Bytes from anywhere are a state of the model or refused in a sentence.</summary>
public sealed class StateBytesTests
{
    private const int HashLength = 8, MarkLength = 9;

    private static readonly LanguageModel Model = Tiny.Language();
    private static readonly byte[] Saved = Save(Model);

    [Fact]
    public void A_state_of_two_layers_of_512_fits_into_nine_kilobytes()
    {
        var model = (LanguageModel)TextModel.Create(
            new ModelConfig { Task = ModelTask.LanguageModel, Cell = CellKind.Lstm, Tokenizer = Tokenization.Characters, EmbeddingSize = 64, HiddenSize = 512, Layers = 2 },
            new ModelVocabulary(new Vocabulary(Enumerable.Range(0, 100).Select(i => $"{(char)('!' + i)}"))), Parameters.Random(1));
        byte[] bytes = Save(model);
        Assert.InRange(bytes.Length, 8 * 1024, 9_000);
        Assert.Equal(bytes, model.ReadState(bytes).ToBytes());
    }

    [Fact]
    public void Every_byte_that_changes_is_missing_or_is_added_is_refused()
    {
        for (int at = 0; at < Saved.Length; at++)
        {
            byte[] changed = [.. Saved];
            changed[at] ^= (byte)(1 << at % 8);
            Refuse(changed);
            Refuse(Saved[..at]);
        }

        Refuse([.. Saved, 0]);
    }

    [Fact]
    public void A_state_of_a_model_of_other_sizes_is_refused_by_name()
    {
        Assert.Equal("state: slots is 2; expected 3, as the model has it", Refuse(Saved, Tiny.Language(layers: 3)));
        Assert.Equal("state: cell_state is 1; expected 0, as the model has it", Refuse(Saved, Tiny.Language(CellKind.Gru)));
        Assert.Equal("state: its first bytes are others; expected those of a stream's state", Refuse("not a state at all"u8.ToArray()));
    }

    /// <summary>Whoever can compute the checksum can write any numbers: none gets further than the check of its field.</summary>
    [Fact]
    public void Numbers_that_fit_nothing_are_refused_whatever_the_checksum_says()
    {
        Gen.Select(Gen.Int[0, 60], Gen.Byte.Array[0, 12], Gen.Int[0, 12]).Sample(
            (at, put, cut) =>
            {
                byte[] inside = Saved[MarkLength..^HashLength];
                at = Math.Min(at, inside.Length);
                byte[] written = Seal([.. inside[..at], .. put, .. inside[Math.Min(inside.Length, at + cut)..]]);
                long before = GC.GetAllocatedBytesForCurrentThread();
                try
                {
                    // What is let through is a state that a stream can go on from.
                    GenerationStream stream = Model.NewStream("", new GenerationOptions { MaxNewTokens = 3, RepetitionPenalty = 2 }, Model.ReadState(written));
                    var batch = Model.NewBatch();
                    while (stream.Finished is null && stream.Failure is null) batch.Advance([stream]);
                }
                catch (StreamStateException)
                {
                    Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 32 * Saved.Length);
                }
            },
            iter: 5000,
            threads: 1);
        foreach (byte[] count in (byte[][])[[0xFF, 0xFF, 0xFF, 0xFF, 0x0F], [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], [.. Enumerable.Repeat((byte)0xFF, 11)]])
        {
            // slots, size, cell_state, position, seed and place of a byte each, then the number of tokens to be read.
            Refuse(Seal([2, 13, 1, 9, 3, 4, .. count, 5]));
            Refuse(Seal([2, 13, 1, 9, 3, 4, 1, 5, .. count]));
            Refuse(Seal([2, 13, 1, 9, 3, 4, 1, 5, 0, .. count]));
        }

        Assert.Equal("state: pending is empty; expected a token or more", Refuse(Seal([2, 13, 1, 9, 3, 4, 0, 0, 0])));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.NegativeInfinity)]
    public void Values_that_are_no_numbers_are_refused(float value)
    {
        byte[] written = [.. Saved];
        BitConverter.GetBytes(value).CopyTo(written, written.Length - HashLength - 4);
        Assert.Equal("state: a value is not finite; expected numbers", Refuse(Seal(written[MarkLength..^HashLength])));
    }

    private static string Refuse(byte[] bytes, LanguageModel? model = null) =>
        Assert.Throws<StreamStateException>(() => (model ?? Model).ReadState(bytes)).Message;

    private static byte[] Seal(byte[] inside)
    {
        byte[] all = [.. Saved[..MarkLength], .. inside];
        return [.. all, .. SHA256.HashData(all)[..HashLength]];
    }

    private static byte[] Save(LanguageModel model)
    {
        GenerationStream stream = model.NewStream(
            model.Vocabulary.Tokens[40 % model.Vocabulary.Tokens.Count], new GenerationOptions { Seed = 7, MaxNewTokens = 60, RepetitionPenalty = 1.1f, Stop = ["a long end"] });
        var batch = model.NewBatch();
        for (int step = 0; step < 40 && stream.Finished is null; step++) batch.Advance([stream]);
        return stream.SaveState().ToBytes();
    }
}
