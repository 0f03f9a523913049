using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace RnnService.Benchmarks.Load;

/// <summary>Live sound: as many microphones as a service may have, each a WebSocket of its own, with pieces of a tenth of a second as the clock goes.</summary>
internal static class SoundPart
{
    private const int Streams = 1_000, Rate = 8_000, Pieces = 600, AtOnce = 10;
    private const double PieceSeconds = 0.1, ColdSeconds = 20, Megabyte = 1e6;

    /// <summary>What a minute of so many costs the service, and how long after a piece its answer comes.</summary>
    public static async Task RunAsync(LoadModels models, Report report)
    {
        using ServiceProcess service = await ServiceProcess.StartAsync(LoadModels.Shipped);
        byte[][] pieces = [.. Enumerable.Range(0, 2 * Rate / Samples).Select(Piece)];
        double alone = service.Resident;
        var microphones = new List<Microphone>();
        try
        {
            for (int i = 0; i < Streams; i++) microphones.Add(await Microphone.OpenAsync(service.Port));
            (double used, double open) = (service.ProcessorTime, service.Resident);
            double start = Clock.Now + 0.1, latest = 0;
            await Task.Factory.StartNew(() => latest = Speak(microphones, pieces, start), TaskCreationOptions.LongRunning);
            double seconds = Clock.Now - start, processors = (service.ProcessorTime - used) / seconds, held = service.Resident;
            double[] ends = await Task.WhenAll(microphones.Select(one => one.EndAsync()));
            await Task.Yield(); // as in StreamLoad
            (double Heard, double Lag)[] lags = [.. microphones.SelectMany(one => one.Lags)];
            List<double> cold = [.. lags.Where(one => one.Heard < start + ColdSeconds).Select(one => one.Lag)];
            List<double> warm = [.. lags.Where(one => one.Heard >= start + ColdSeconds).Select(one => one.Lag)];
            report.Add($"""

                {Streams} live streams of sound at {Rate} Hz over WebSockets for {seconds:F0} seconds, the shipped digits

                | what | found |
                |---|---|
                | processors of the service | {processors:F2} |
                | MB of the service alone, with the streams open, at the end | {alone / Megabyte:F0}, {open / Megabyte:F0}, {held / Megabyte:F0} |
                | answers | {lags.Length} |
                | ms from a piece to its answer in the first {ColdSeconds:F0} seconds of the process, p50 / p99 | {Quantiles.Milliseconds(cold)} |
                | after that | {Quantiles.Milliseconds(warm)} |
                | ms from the end to the last answer, p50 / p99 | {Quantiles.Milliseconds([.. ends])} |
                | ms that this client sent late, at most | {latest * 1e3:F0} |
                """);
        }
        finally
        {
            foreach (Microphone one in microphones) one.Dispose();
        }
    }

    private static int Samples => (int)(Rate * PieceSeconds);

    /// <summary>Sends all pieces of all, some streams at a time.</summary>
    /// <returns>How late it was at worst.</returns>
    private static double Speak(List<Microphone> microphones, byte[][] pieces, double start)
    {
        double latest = 0;
        for (int piece = 0; piece < Pieces; piece++)
        {
            for (int first = 0; first < microphones.Count; first += AtOnce)
            {
                double planned = start + (piece + (double)first / microphones.Count) * PieceSeconds;
                Clock.WaitUntil(planned);
                latest = Math.Max(latest, Clock.Now - planned);
                // Not all of them say the same at the same time.
                foreach (Microphone one in microphones.GetRange(first, Math.Min(AtOnce, microphones.Count - first))) one.Send(pieces[(piece + first) % pieces.Length], planned);
            }
        }

        return latest;
    }

    /// <summary>A tenth of a second of two seconds in which a voiced sound glides, hisses and is still, as a frame.</summary>
    private static byte[] Piece(int number)
    {
        var random = new Random(number);
        byte[] pcm = new byte[2 * Samples];
        for (int i = 0; i < Samples; i++)
        {
            double time = number * PieceSeconds + (double)i / Rate, voice = 0;
            for (int harmonic = 1; harmonic < 12; harmonic++) voice += Math.Sin(2 * Math.PI * 120 * harmonic * time) / (1 + Math.Abs(harmonic * 120 - 500 - 900 * (time % 1)) / 150);
            double loud = (number % 10) switch { < 4 => 3_000 * voice, < 6 => 2_000 * (random.NextDouble() - 0.5), _ => 20 * (random.NextDouble() - 0.5) };
            BinaryPrimitives.WriteInt16LittleEndian(pcm.AsSpan(2 * i), (short)loud);
        }

        return SocketFrame.Of(SocketFrame.Binary, pcm);
    }

    /// <summary>A client of one stream.</summary>
    private sealed class Microphone : IDisposable
    {
        private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        private readonly List<double> _sent = []; // when each piece was due
        private readonly TaskCompletionSource<double> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private double _ended;

        /// <summary>When a symbol came, and the seconds from its last sample until then.</summary>
        public List<(double Heard, double Lag)> Lags { get; } = [];

        public static async Task<Microphone> OpenAsync(int port)
        {
            var one = new Microphone();
            await one._socket.ConnectAsync(IPAddress.Loopback, port);
            await one._socket.SendAsync(Encoding.ASCII.GetBytes(
                $"GET /stream/digits?format=s16le&rate={Rate} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"));
            byte[] head = new byte[2_000];
            int got = await one._socket.ReceiveAsync(head);
            if (!head.AsSpan(0, got).StartsWith("HTTP/1.1 101"u8)) throw new IOException(Encoding.UTF8.GetString(head, 0, got));
            _ = one.ReadAsync();
            return one;
        }

        public void Send(byte[] frame, double due)
        {
            lock (_sent) _sent.Add(due);
            if (_socket.Send(frame, SocketFlags.None) < frame.Length) throw new IOException("a piece was sent in part: the service does not keep up");
        }

        /// <summary>Says that nothing follows.</summary>
        /// <returns>Seconds until the last answer.</returns>
        public async Task<double> EndAsync()
        {
            _ended = Clock.Now;
            await _socket.SendAsync(SocketFrame.Of(SocketFrame.Text, """{"end": true}"""u8));
            return await _end.Task;
        }

        public void Dispose() => _socket.Dispose();

        private async Task ReadAsync()
        {
            try
            {
                byte[] buffer = new byte[1 << 15];
                int held = 0;
                while (await _socket.ReceiveAsync(buffer.AsMemory(held)) is > 0 and int got)
                {
                    double now = Clock.Now;
                    held += got;
                    int at = 0;
                    for (; Message(buffer.AsMemory(at, held - at)) is { } message; at += message.Length)
                    {
                        if (buffer[at] == 0x81) Hear(message.Content, now);
                    }

                    buffer.AsSpan(at, held - at).CopyTo(buffer);
                    held -= at;
                }

                _end.TrySetException(new IOException("a stream was cut off"));
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException or IOException)
            {
                _end.TrySetException(new IOException(exception.Message));
            }
        }

        private static (ReadOnlyMemory<byte> Content, int Length)? Message(ReadOnlyMemory<byte> bytes)
        {
            if (bytes.Length < 4) return null;
            int length = bytes.Span[1], head = 2;
            if (length == 126) (length, head) = (BinaryPrimitives.ReadUInt16BigEndian(bytes.Span[2..]), 4);
            return bytes.Length < head + length ? null : (bytes.Slice(head, length), head + length);
        }

        private void Hear(ReadOnlyMemory<byte> json, double now)
        {
            using var answer = JsonDocument.Parse(json);
            if (answer.RootElement.TryGetProperty("error", out JsonElement error)) throw new IOException(error.GetString());
            if (answer.RootElement.TryGetProperty("final", out _)) _end.TrySetResult(now - _ended);
            if (!answer.RootElement.TryGetProperty("symbols", out JsonElement symbols)) return;
            foreach (JsonElement symbol in symbols.EnumerateArray())
            {
                lock (_sent) Lags.Add((now, now - _sent[(int)Math.Ceiling(symbol.GetProperty("seconds").GetDouble() / PieceSeconds - 1e-9) - 1]));
            }
        }
    }
}
