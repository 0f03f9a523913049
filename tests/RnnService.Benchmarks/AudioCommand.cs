using System.Diagnostics;
using RnnService.Audio;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Weights;

namespace RnnService.Benchmarks;

/// <summary>
/// What live sound costs: features alone, and features with a network of the size of the shipped transcriber of digits, of random weights, for many streams
/// at once in one batch a turn, as the service reads them.
/// </summary>
internal static class AudioCommand
{
    private const int Rate = 8000, PieceSamples = 800, Rounds = 20;
    private const double PieceSeconds = (double)PieceSamples / Rate;

    public static int Run()
    {
        foreach (int rate in (int[])[8000, 16_000]) Features(rate);
        foreach (int streams in (int[])[200, 1000]) Live(streams);
        return 0;
    }

    private static void Features(int rate)
    {
        const int streams = 1000;
        var features = new AudioFeatures(new AudioConfig());
        AudioStream[] all = [.. Enumerable.Range(0, streams).Select(_ => features.NewStream(rate))];
        float[] piece = Piece(PieceSamples * rate / Rate);
        double best = 0;
        for (int repeat = 0; repeat < 3; repeat++)
        {
            long frames = 0;
            TimeSpan started = Environment.CpuUsage.TotalTime; // not the clock's: others may compute beside
            for (int round = 0; round < Rounds; round++)
            {
                foreach (AudioStream stream in all) frames += stream.Push(piece).Steps;
            }

            best = Math.Max(best, frames / (Environment.CpuUsage.TotalTime - started).TotalSeconds);
        }

        Console.WriteLine($"features at {rate} Hz: {best:N0} frames a second of one processor, {best / 100:N0} live streams");
    }

    private static void Live(int streams)
    {
        long before = GC.GetTotalMemory(forceFullCollection: true);
        var audio = new AudioConfig { Stack = 2 };
        var features = new AudioFeatures(audio);
        using NumberModel model = NumberModel.Create(
            new ModelConfig
            {
                Task = ModelTask.Transcriber,
                Cell = CellKind.Gru,
                HiddenSize = 112,
                Layers = 2,
                Labels = [.. Enumerable.Range(0, 10).Select(digit => $"{digit}")],
                Numbers = new NumbersConfig { Features = audio.Features, Audio = audio },
            },
            Parameters.Random(1));
        var transcriber = (Transcriber)model;
        var batch = new NumberBatch(model.Network);
        NumberStreamState[] states = [.. Enumerable.Range(0, streams).Select(_ => batch.NewState())];
        AudioStream[] sounds = [.. Enumerable.Range(0, streams).Select(_ => features.NewStream(Rate))];
        TranscriptStream[] texts = [.. Enumerable.Range(0, streams).Select(_ => transcriber.NewStream())];
        float[] piece = Piece(PieceSamples);
        Round(); // the code is made ready
        long held = GC.GetTotalMemory(forceFullCollection: true) - before;
        TimeSpan cpu = Environment.CpuUsage.TotalTime;
        long started = Stopwatch.GetTimestamp();
        for (int round = 0; round < Rounds; round++) Round();
        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds, processor = (Environment.CpuUsage.TotalTime - cpu).TotalSeconds, spoken = Rounds * PieceSeconds;
        Console.WriteLine(FormattableString.Invariant(
            $"{streams} live streams at {Rate} Hz, two layers of GRU 112, a step every 20 ms: {seconds / spoken:0.00} of real time by the clock, {processor / spoken:0.00} processors, {held / 1e6:0.0} MB with the model"));

        void Round()
        {
            NumberSequence[] steps = [.. sounds.Select(sound => sound.Push(piece))];
            float[][] logits = [.. steps.Select(one => new float[one.Steps * model.Outputs])];
            batch.Read(states, steps, (row, step, outputs) => outputs.CopyTo(logits[row].AsSpan(step * model.Outputs)));
            for (int row = 0; row < streams; row++) texts[row].Push(logits[row]);
        }
    }

    private static float[] Piece(int samples) => [.. Enumerable.Range(0, samples).Select(i => MathF.Sin(0.05f * i) * 0.3f)];
}
