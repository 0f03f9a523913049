using RnnService.Audio;
using RnnService.Engine.Models;

namespace RnnService.Benchmarks;

/// <summary>Frames of sound a second on one thread: what live streams cost before the network.</summary>
internal static class AudioCommand
{
    private const int Streams = 1000, PieceSamples = 800, Rounds = 20;

    public static int Run()
    {
        foreach (int rate in (int[])[8000, 16_000])
        {
            var features = new AudioFeatures(new AudioConfig());
            AudioStream[] streams = [.. Enumerable.Range(0, Streams).Select(_ => features.NewStream(rate))];
            float[] piece = [.. Enumerable.Range(0, PieceSamples * rate / 8000).Select(i => MathF.Sin(0.05f * i) * 0.3f)];
            double best = 0;
            for (int repeat = 0; repeat < 3; repeat++)
            {
                long frames = 0;
                TimeSpan started = Environment.CpuUsage.TotalTime; // not the clock's: others may compute beside
                for (int round = 0; round < Rounds; round++)
                {
                    foreach (AudioStream stream in streams) frames += stream.Push(piece).Steps;
                }

                best = Math.Max(best, frames / (Environment.CpuUsage.TotalTime - started).TotalSeconds);
            }

            Console.WriteLine($"{rate} Hz: {best:N0} frames a second of one processor, {best / 100:N0} live streams");
        }

        return 0;
    }
}
