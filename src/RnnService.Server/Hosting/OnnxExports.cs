using RnnService.Onnx;
using RnnService.Server.Pipeline;

namespace RnnService.Server.Hosting;

/// <summary>
/// Writes models as ONNX files, one at a time, so that downloads take at most one processor from those who want answers. Thread-safe.
/// </summary>
internal sealed class OnnxExports : IDisposable
{
    private const int MostWaiting = 16;

    private readonly Admission _admission = new(MostWaiting, "for an ONNX file to be written");
    private readonly SemaphoreSlim _turn = new(1);

    /// <summary>The file of a model that is served.</summary>
    /// <exception cref="RequestProblem">Too many wait already.</exception>
    /// <exception cref="ArgumentException">The model cannot be written with these operators.</exception>
    public async Task<byte[]> WriteAsync(ModelEntry entry, int? opset, CancellationToken left)
    {
        using Admission.Permit permit = _admission.Enter();
        await _turn.WaitAsync(left);
        try
        {
            return await Task.Run(() => OnnxExport.ToBytes(entry.Loaded!, opset).Content, left);
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();
}
