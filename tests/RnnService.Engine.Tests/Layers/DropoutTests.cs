using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Weights;
using Xunit;

namespace RnnService.Engine.Tests.Layers;

public sealed class DropoutTests
{
    [Theory]
    [InlineData(0.1f)]
    [InlineData(0.5f)]
    [InlineData(0.9f)]
    public void A_mask_drops_at_its_rate_and_keeps_the_mean(float rate)
    {
        const int Count = 100_000;
        Memory<float> mask = new Dropout(1, 2).Mask(new float[Count], rate);
        float kept = 1 / (1 - rate);
        Assert.All(mask.ToArray(), value => Assert.True(value == 0 || value == kept));
        double deviation = Math.Sqrt(rate * (1 - rate) / Count);
        Assert.InRange(mask.ToArray().Count(value => value == 0) / (double)Count, rate - 5 * deviation, rate + 5 * deviation);
        Assert.InRange(mask.ToArray().Average(), 1 - 5 * kept * deviation, 1 + 5 * kept * deviation);
    }

    [Fact]
    public void Masks_depend_on_their_keys_alone()
    {
        float[] one = Mask(1, 2, 3), again = Mask(1, 2, 3);
        Assert.Equal(one, again);
        Assert.NotEqual(one, Mask(1, 2, 4));
        Assert.NotEqual(one, Mask(1, 3, 2));
        Assert.NotEqual(one, Mask(2, 2, 3));

        static float[] Mask(params ulong[] keys) => new Dropout(keys).Mask(new float[100], 0.5f).ToArray();
    }

    [Fact]
    public void One_mask_serves_all_steps_of_a_sequence()
    {
        int[] lengths = [2, 5, 0, 3];
        const int Width = 4;
        BatchLayout layout = BatchLayout.Of(lengths);
        float[] x = new float[layout.Rows * Width];
        x.AsSpan().Fill(1);
        float[] mask = new Dropout(7).Mask(new float[lengths.Length * Width], 0.5f).ToArray();
        Dropout.Apply(layout, mask, x);
        for (int place = 0; place < lengths.Length; place++)
        {
            for (int t = 0; t < lengths[place]; t++)
                Assert.Equal(mask[(layout.RankOf(place) * Width)..][..Width], x[(layout.RowOf(place, t) * Width)..][..Width]);
        }
    }

    [Fact]
    public void Draw_is_true_at_its_rate()
    {
        var dropout = new Dropout(3);
        Assert.InRange(Enumerable.Range(0, 10_000).Count(_ => dropout.Draw(0.3)), 2_770, 3_230);
    }

    [Fact]
    public void A_dropped_token_is_dropped_from_all_its_places_in_a_sequence()
    {
        const int Tokens = 40, Width = 3;
        const float Rate = 0.3f;
        BatchLayout layout = BatchLayout.Of([200, 0, 150, 199]);
        int[] ids = [.. Enumerable.Range(0, layout.Rows).Select(row => row * 7 % Tokens)];
        float[] x = new float[layout.Rows * Width];
        x.AsSpan().Fill(1);
        var dropout = new Dropout(3, 4);
        dropout.ApplyToWords(layout, ids, Rate, x, Width, Width);
        var kept = new Dictionary<(int, int), float>();
        for (int rank = 0; rank < 3; rank++)
        {
            for (int t = 0; t < layout.LengthOfRank(rank); t++)
            {
                int row = layout.Offset(t) + rank;
                Assert.Single(x[(row * Width)..][..Width].Distinct());
                if (!kept.TryAdd((rank, ids[row]), x[row * Width])) Assert.Equal(kept[(rank, ids[row])], x[row * Width]);
            }
        }

        Assert.Equal(3 * Tokens, kept.Count);
        Assert.All(kept.Values, factor => Assert.True(factor is 0 or 1 / (1 - Rate)));
        Assert.InRange(kept.Values.Count(factor => factor == 0), 20, 52); // of 120, 36 expected
        Assert.NotEqual(DropsOf(0), DropsOf(1)); // each sequence has its own
        Assert.Equal(kept.Where(pair => pair.Key.Item1 == 0 && pair.Value == 0).Select(pair => pair.Key.Item2).Order(), DropsOf(0));

        int[] DropsOf(int rank) => [.. Enumerable.Range(0, Tokens).Where(id => new Dropout(3, 4).DropsWord(rank, id, Rate))];
    }

    [Fact]
    public void A_pass_draws_nothing_outside_training_or_at_rate_0()
    {
        Assert.Null(new Pass(new Workspace()).Mask(2, 3, 0.5f));
        Assert.Null(new Pass(new Workspace(), new Dropout(1)).Mask(2, 3, 0));
        Assert.Equal(6, new Pass(new Workspace(), new Dropout(1)).Mask(2, 3, 0.5f)?.Length);
    }

    /// <summary>With the mask drawn anew from the same keys the loss is a plain function with a derivative of its own.</summary>
    [Fact]
    public void Gradients_between_layers_go_through_the_mask()
    {
        ulong seed = 10;
        Parameters parameters = Parameters.From((_, shape) => Draw.Normal(++seed, shape.Aggregate((a, b) => a * b), 0.4), trainable: true);
        var network = new Recurrent(CellKind.Tanh, parameters, "rnn", 3, 6, 3, Direction.Bidirectional);
        BatchLayout layout = BatchLayout.Of([4, 2, 3]);
        float[] x = Draw.Normal(1, layout.Rows * 3), dy = Draw.Normal(2, layout.Rows * 12);
        var pass = new Pass(new Workspace(), new Dropout(5), record: true);
        Recurrent.Run run = network.Forward(pass, layout, x, network.NewState(3), 0.5f);
        Assert.Equal([false, true, true], run.Masks.Select(mask => mask is not null));
        float[] dx = network.Backward(pass, run, (float[])[.. dy], network.NewState(3), new Gradients(parameters)).ToArray();

        float[] direction = Draw.Normal(3, x.Length);
        double wanted = (Loss(1e-2f) - Loss(-1e-2f)) / 2e-2, found = 0;
        for (int i = 0; i < x.Length; i++) found += (double)direction[i] * dx[i];
        Assert.Equal(wanted, found, 2e-3 * dx.Sum(Math.Abs));

        double Loss(float step)
        {
            float[] moved = [.. x.Zip(direction, (value, along) => value + step * along)];
            var again = new Pass(new Workspace(), new Dropout(5));
            ReadOnlySpan<float> y = network.Forward(again, layout, moved, network.NewState(3), 0.5f).Output.Span;
            double loss = 0;
            for (int i = 0; i < y.Length; i++) loss += (double)y[i] * dy[i];
            return loss;
        }
    }
}
