using RnnService.AspNetCore.Errors;
using RnnService.AspNetCore.Scheduling;
using RnnService.Engine.Models;
using RnnService.Onnx.Export;
using RnnService.Server.Options;

namespace RnnService.Server.Models;

/// <summary>
/// Writes models as ONNX files, one at a time, so that downloads take at most one processor from those who want answers. A file is made once
/// and kept on disk, within <see cref="LimitOptions.KeptOnnxMegabytes"/>, so that any number of slow downloads cost no memory; the oldest go for
/// new ones, as models that are served no longer leave theirs behind.
/// Thread-safe.
/// </summary>
internal sealed class OnnxExports(LimitOptions limits) : IDisposable
{
    private const int MostWaiting = 16;
    private const long Megabyte = 1_000_000;

    private readonly Admission _admission = new(MostWaiting, "for an ONNX file to be written");
    private readonly SemaphoreSlim _turn = new(1);
    private readonly Dictionary<string, Task<KeptFile>> _files = []; // by fingerprint; its own lock
    private readonly List<string> _kept = []; // their fingerprints, the oldest first
    private bool _disposed;

    /// <summary>Files written so far.</summary>
    public int Made { get; private set; }

    /// <summary>The file of a model that is served.</summary>
    /// <param name="model">The model.</param>
    /// <param name="opset">The operator set; null for the usual one.</param>
    /// <param name="part">Which of its graphs.</param>
    /// <param name="fingerprint">What the file's content depends on.</param>
    /// <param name="left">Cancelled when nobody waits for it any more; others may.</param>
    /// <exception cref="QueueFullException">Too many wait already.</exception>
    /// <exception cref="ArgumentException">The model cannot be written with these operators.</exception>
    public async Task<Stream> ReadAsync(LoadedModel model, int? opset, GraphPart part, string fingerprint, CancellationToken left)
    {
        Task<KeptFile>? file;
        lock (_files)
        {
            if (_files.TryGetValue(fingerprint, out file) && file.IsCompletedSuccessfully && file.Result.TryRead() is { } stream) return stream;
        }

        using Admission.Permit permit = _admission.Enter();
        while (true)
        {
            lock (_files)
            {
                if (!_files.TryGetValue(fingerprint, out file))
                    _files[fingerprint] = file = Task.Run(() => MakeAsync(model, opset, part, fingerprint), CancellationToken.None);
            }

            // Made, it can have had to go for others before this came by.
            if ((await file.WaitAsync(left)).TryRead() is { } stream) return stream;
        }
    }

    public void Dispose()
    {
        lock (_files)
        {
            _disposed = true;
            foreach (Task<KeptFile> file in _files.Values.Where(file => file.IsCompletedSuccessfully)) file.Result.Dispose();
            _files.Clear();
            _kept.Clear();
        }

        _turn.Dispose();
    }

    private async Task<KeptFile> MakeAsync(LoadedModel model, int? opset, GraphPart part, string fingerprint)
    {
        await _turn.WaitAsync();
        KeptFile? file = null;
        try
        {
            byte[] content = OnnxExport.ToBytes(model, opset)[part];
            Made++;
            file = HasRoomFor(content.Length) ? KeptFile.OnDisk(content) : KeptFile.InMemory(content);
            return file;
        }
        finally
        {
            lock (_files)
            {
                // What is in memory goes with its last download.
                if (file is not { IsOnDisk: true } || _disposed) _files.Remove(fingerprint);
                else _kept.Add(fingerprint);
            }

            _turn.Release();
        }
    }

    /// <summary>Lets go of the oldest files until there is room, if there can be.</summary>
    private bool HasRoomFor(long bytes)
    {
        long most = limits.KeptOnnxMegabytes * Megabyte;
        if (bytes > most) return false;
        lock (_files)
        {
            while (_kept.Sum(kept => _files[kept].Result.Length) + bytes > most)
            {
                _files.Remove(_kept[0], out Task<KeptFile>? oldest);
                oldest!.Result.Dispose();
                _kept.RemoveAt(0);
            }
        }

        return true;
    }
}
