using RnnService.Engine.Layers;
using RnnService.Onnx.Format;
using Xunit;

namespace RnnService.Onnx.Tests.Format;

public sealed class GateOrderTests
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
        Assert.Equal(onnx, string.Concat(GateOrder.ToOnnx(cell, rows).Select(gate => (char)gate)));
        Assert.Equal(rows, GateOrder.ToTorch(cell, GateOrder.ToOnnx(cell, rows)));
    }
}
