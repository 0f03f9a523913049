using System.Runtime.InteropServices;
using RnnService.Engine.Kernels;
using RnnService.Engine.Weights;
using Xunit;

namespace RnnService.Engine.Tests.Kernels;

public sealed class WorkspaceTests
{
    [Fact]
    public void Pieces_have_their_length_and_do_not_overlap()
    {
        var workspace = new Workspace();
        var random = new RandomSource(1);
        for (int round = 0; round < 5; round++)
        {
            var pieces = new List<Memory<float>>();
            for (int i = 0; i < 400; i++)
            {
                int length = i <= 256 ? i : random.Below(i % 50 == 0 ? 600_000 : 5_000);
                Memory<float> piece = random.Below(2) == 0 ? workspace.Take(length) : workspace.TakeZeros(length);
                Assert.Equal(length, piece.Length);
                piece.Span.Fill(i);
                pieces.Add(piece);
            }

            for (int i = 0; i < pieces.Count; i++) Assert.Equal(-1, pieces[i].Span.IndexOfAnyExcept(i));
            workspace.Reset();
        }
    }

    [Fact]
    public void Zeros_are_zeros_in_used_memory()
    {
        var workspace = new Workspace();
        workspace.Take(1000).Span.Fill(float.NaN);
        workspace.Reset();
        Assert.Equal(-1, workspace.TakeZeros(1000).Span.IndexOfAnyExcept(0));
    }

    [Fact]
    public void After_a_reset_the_same_requests_get_the_same_memory()
    {
        var workspace = new Workspace();
        int[] lengths = [5, 200_000, 100_000, 0, 3, 900_000, 17, 250_000];
        List<(float[]? Block, int Offset)> first = Places();
        workspace.Reset();
        List<(float[]? Block, int Offset)> again = Places();
        for (int i = 0; i < lengths.Length; i++)
        {
            Assert.Same(first[i].Block, again[i].Block);
            Assert.Equal(first[i].Offset, again[i].Offset);
        }


        List<(float[]? Block, int Offset)> Places() => [.. lengths.Select(length => Place(workspace.Take(length)))];

        static (float[]? Block, int Offset) Place(Memory<float> piece) =>
            MemoryMarshal.TryGetArray<float>(piece, out ArraySegment<float> segment) ? (segment.Array, segment.Offset) : default;
    }
}
