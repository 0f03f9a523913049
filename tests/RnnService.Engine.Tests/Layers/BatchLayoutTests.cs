using CsCheck;
using RnnService.Engine.Layers;
using Xunit;

namespace RnnService.Engine.Tests.Layers;

public sealed class BatchLayoutTests
{
    private static readonly Gen<int[]> Lengths = Gen.Int[0, 12].Array[0, 30];

    [Fact]
    public void Counts_agree_with_the_lengths() => Lengths.Sample(lengths =>
    {
        BatchLayout layout = BatchLayout.Of(lengths);
        Assert.Equal(lengths.Length, layout.Batch);
        Assert.Equal(lengths.Sum(), layout.Rows);
        Assert.Equal(lengths.DefaultIfEmpty(0).Max(), layout.Steps);
        int offset = 0;
        for (int t = 0; t < layout.Steps; t++)
        {
            Assert.Equal(offset, layout.Offset(t));
            Assert.Equal(lengths.Count(length => length > t), layout.Active(t));
            offset += layout.Active(t);
        }
    });

    [Fact]
    public void Ranks_fall_with_the_length_and_keep_the_order_of_equals() => Lengths.Sample(lengths =>
    {
        BatchLayout layout = BatchLayout.Of(lengths);
        int[] wanted = [.. Enumerable.Range(0, lengths.Length).OrderByDescending(place => lengths[place])]; // a stable sort
        for (int rank = 0; rank < lengths.Length; rank++)
        {
            Assert.Equal(wanted[rank], layout.PlaceOf(rank));
            Assert.Equal(rank, layout.RankOf(layout.PlaceOf(rank)));
            Assert.Equal(lengths[wanted[rank]], layout.LengthOfRank(rank));
        }
    });

    [Fact]
    public void Every_step_has_a_row_of_its_own() => Lengths.Sample(lengths =>
    {
        BatchLayout layout = BatchLayout.Of(lengths);
        var rows = new List<int>();
        for (int place = 0; place < lengths.Length; place++)
        {
            for (int t = 0; t < lengths[place]; t++)
            {
                int row = layout.RowOf(place, t);
                Assert.InRange(row, layout.Offset(t), layout.Offset(t) + layout.Active(t) - 1);
                rows.Add(row);
            }
        }

        Assert.Equal(Enumerable.Range(0, layout.Rows), rows.Order());
    });

    [Fact]
    public void Unpacking_undoes_packing_and_leaves_zeros_past_the_ends() => Lengths.Sample(lengths =>
    {
        const int Width = 3;
        BatchLayout layout = BatchLayout.Of(lengths);
        float[] padded = new float[layout.Steps * layout.Batch * Width], again = new float[padded.Length];
        float[] packed = new float[layout.Rows * Width];
        for (int i = 0; i < padded.Length; i++) padded[i] = i + 1;
        again.AsSpan().Fill(float.NaN);
        layout.Pack(padded, Width, packed);
        layout.Unpack(packed, Width, again);
        for (int i = 0; i < padded.Length; i++)
        {
            int t = i / Width / layout.Batch, place = i / Width % layout.Batch;
            Assert.Equal(t < lengths[place] ? padded[i] : 0, again[i]);
            if (t < lengths[place]) Assert.Equal(padded[i], packed[layout.RowOf(place, t) * Width + i % Width]);
        }
    });

    [Fact]
    public void A_negative_length_is_refused() => Assert.Equal(
        "length 1 is -1; expected 0 or more (Parameter 'lengths')",
        Assert.Throws<ArgumentException>(() => BatchLayout.Of([3, -1])).Message);

    [Fact]
    public void Knows_whether_it_is_that_of_other_lengths()
    {
        BatchLayout layout = BatchLayout.Of([3, 0, 5, 3]);
        Assert.True(layout.IsOf([3, 0, 5, 3]));
        Assert.False(layout.IsOf([3, 0, 5]));
        Assert.False(layout.IsOf([0, 3, 5, 3]));
        Assert.False(layout.IsOf([3, 0, 5, 4]));
    }
}
