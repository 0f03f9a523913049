using CsCheck;
using RnnService.Onnx.Runtime.Runs;
using Xunit;

namespace RnnService.Onnx.Tests.Runtime.Runs;

public sealed class GraphLayoutTests
{
    [Fact]
    public void Every_row_with_tokens_is_read_once_and_no_more_than_half_is_padding() => Gen.Select(
        Gen.Int[0, 300].Array[0, 60], Gen.Bool, Gen.Int[0, 2], Gen.Int[2, 400_000]).Sample(
            (lengths, isRagged, choice, outputs) =>
            {
                int? batch = choice switch { 0 => null, 1 => 1, _ => 4 };
                var layout = new GraphLayout(TimeMajor: false, batch, SingleStep: false, isRagged);
                int[][] groups = [.. layout.Group(lengths, outputs)];
                Assert.Equal(Enumerable.Range(0, lengths.Length).Where(row => lengths[row] > 0), groups.SelectMany(group => group).Order());
                foreach (int[] group in groups)
                {
                    int[] sizes = [.. group.Select(row => lengths[row])];
                    Assert.Equal(sizes.OrderDescending(), sizes);
                    Assert.True(isRagged ? 2 * sizes[^1] >= sizes[0] : sizes[^1] == sizes[0]);
                    if (batch is not null) Assert.InRange(group.Length, 1, batch.Value);
                    else if (group.Length > 1) Assert.InRange((long)group.Length * sizes[0] * outputs, 1, 1 << 25);
                }
            });
}
