using RnnService.AspNetCore.Errors;
using RnnService.AspNetCore.Scheduling;
using RnnService.Engine.Models;
using RnnService.Onnx.Export;
using RnnService.Server.Options;

namespace RnnService.Server.Models;

/// <summary>
/// Writes models as ONNX files, one at a time, so that downloads take at most one processor from those who want answers. A model is written once, with
/// all its files, and kept on disk, within <see cref="LimitOptions.KeptOnnxMegabytes"/>, so that any number of slow downloads cost no memory; the oldest
/// go for new ones, as models that are served no longer leave theirs behind.
/// Thread-safe.
/// </summary>
internal sealed class OnnxExports(LimitOptions limits) : IDisposable
{
    private const int MostWaiting = 16;
    private const long Megabyte = 1_000_000;

    private readonly Admission _admission = new(MostWaiting, "for an ONNX file to be written");
    private readonly SemaphoreSlim _turn = new(1);
    private readonly Dictionary<string, Task<KeptExport>> _exports = []; // by fingerprint; its own lock
    private readonly List<string> _kept = []; // their fingerprints, the oldest first
    private bool _disposed;

    /// <summary>Models written so far.</summary>
    public int Made { get; private set; }

    /// <summary>A file of a model that is served.</summary>
    /// <param name="model">The model.</param>
    /// <param name="opset">The operator set; null for the usual one.</param>
    /// <param name="part">Which of its graphs.</param>
    /// <param name="fingerprint">What the content of all its files depends on.</param>
    /// <param name="left">Cancelled when nobody waits for it any more; others may.</param>
    /// <exception cref="QueueFullException">Too many wait already.</exception>
    /// <exception cref="ArgumentException">The model cannot be written with these operators, or has no such part.</exception>
    public async Task<Stream> ReadAsync(LoadedModel model, int? opset, GraphPart part, string fingerprint, CancellationToken left)
    {
        Task<KeptExport>? export;
        lock (_exports)
        {
            if (_exports.TryGetValue(fingerprint, out export) && export.IsCompletedSuccessfully && export.Result.TryRead(part) is { } stream) return stream;
        }

        using Admission.Permit permit = _admission.Enter();
        while (true)
        {
            lock (_exports)
            {
                if (!_exports.TryGetValue(fingerprint, out export))
                    _exports[fingerprint] = export = Task.Run(() => MakeAsync(model, opset, fingerprint), CancellationToken.None);
            }

            // Made, it can have had to go for others before this came by.
            if ((await export.WaitAsync(left)).TryRead(part) is { } stream) return stream;
        }
    }

    public void Dispose()
    {
        lock (_exports)
        {
            _disposed = true;
            foreach (Task<KeptExport> export in _exports.Values.Where(export => export.IsCompletedSuccessfully)) export.Result.Dispose();
            _exports.Clear();
            _kept.Clear();
        }

        _turn.Dispose();
    }

    private async Task<KeptExport> MakeAsync(LoadedModel model, int? opset, string fingerprint)
    {
        await _turn.WaitAsync();
        KeptExport? export = null;
        try
        {
            IReadOnlyList<ExportedFile> files = OnnxExport.ToBytes(model, opset).Files;
            Made++;
            export = HasRoomFor(files.Sum(file => (long)file.Content.Length)) ? KeptExport.OnDisk(files) : KeptExport.InMemory(files);
            return export;
        }
        finally
        {
            lock (_exports)
            {
                // What is in memory goes with its last download.
                if (export is not { IsOnDisk: true } || _disposed) _exports.Remove(fingerprint);
                else _kept.Add(fingerprint);
            }

            _turn.Release();
        }
    }

    /// <summary>Lets go of the oldest exports until there is room, if there can be.</summary>
    private bool HasRoomFor(long bytes)
    {
        long most = limits.KeptOnnxMegabytes * Megabyte;
        if (bytes > most) return false;
        lock (_exports)
        {
            while (_kept.Sum(kept => _exports[kept].Result.Length) + bytes > most)
            {
                _exports.Remove(_kept[0], out Task<KeptExport>? oldest);
                oldest!.Result.Dispose();
                _kept.RemoveAt(0);
            }
        }

        return true;
    }
}
