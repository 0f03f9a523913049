using RnnService.Engine.Layers;
using Xunit;

namespace RnnService.Onnx.Tests;

public sealed class GatesTests
{
    [Theory]
    [InlineData(CellKind.Lstm, "iiffggoo", "iiooffgg")]
    [InlineData(CellKind.Gru, "rrzznn", "zzrrnn")]
    [InlineData(CellKind.GruBefore, "rrzznn", "zzrrnn")]
    [InlineData(CellKind.Tanh, "hh", "hh")]
    [InlineData(CellKind.Relu, "hh", "hh")]
    public void Blocks_change_places_and_back(CellKind cell, string torch, string onnx)
    {
        float[] rows = [.. torch.Select(gate => (float)gate)];
        Assert.Equal(onnx, string.Concat(Gates.ToOnnx(cell, rows).Select(gate => (char)gate)));
        Assert.Equal(rows, Gates.ToTorch(cell, Gates.ToOnnx(cell, rows)));
    }
}
