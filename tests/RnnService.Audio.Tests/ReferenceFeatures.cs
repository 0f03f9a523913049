using RnnService.Engine.Models;

namespace RnnService.Audio.Tests;

/// <summary>The definition of the features, in doubles, term by term, with no step shared with the product.</summary>
internal static class ReferenceFeatures
{
    public static double[][] Of(float[] samples, AudioConfig config)
    {
        double[] emphasised = [.. samples.Select((x, n) => x - (n == 0 ? 0 : config.Preemphasis * samples[n - 1]))];
        var bands = new List<double[]>();
        for (int start = 0; start + config.FrameLength <= samples.Length; start += config.HopLength)
            bands.Add(LogMel(emphasised[start..(start + config.FrameLength)], config));
        double[][] frames = [.. bands.Select((x, t) => config.Deltas ? [.. x, .. Delta(bands, t)] : x)];
        return [.. frames.Chunk(config.Stack).Where(chunk => chunk.Length == config.Stack).Select(chunk => chunk.SelectMany(x => x).ToArray())];
    }

    private static double[] LogMel(double[] frame, AudioConfig config)
    {
        int n = frame.Length;
        double[] windowed = [.. frame.Select((x, i) => x * (0.5 - 0.5 * Math.Cos(2 * Math.PI * i / (n - 1))))];
        double[] powers = [.. Enumerable.Range(0, config.FftSize / 2 + 1).Select(k => Power(windowed, k, config.FftSize))];
        double low = Mel(config.LowFrequency), high = Mel(config.HighFrequency ?? config.SampleRate / 2.0);
        double[] edges = [.. Enumerable.Range(0, config.MelBands + 2).Select(i => Hertz(low + (high - low) * i / (config.MelBands + 1)))];
        return
        [
            .. Enumerable.Range(0, config.MelBands).Select(band => Math.Log(Math.Max(1e-10, powers.Select((power, k) =>
            {
                double f = (double)k * config.SampleRate / config.FftSize;
                double rise = (f - edges[band]) / (edges[band + 1] - edges[band]), fall = (edges[band + 2] - f) / (edges[band + 2] - edges[band + 1]);
                return power * Math.Max(0, Math.Min(rise, fall));
            }).Sum()))),
        ];
    }

    private static double Power(double[] x, int k, int size)
    {
        double real = 0, imaginary = 0;
        for (int i = 0; i < x.Length; i++)
        {
            real += x[i] * Math.Cos(2 * Math.PI * k * i / size);
            imaginary -= x[i] * Math.Sin(2 * Math.PI * k * i / size);
        }

        return real * real + imaginary * imaginary;
    }

    private static double[] Delta(List<double[]> bands, int t)
    {
        double[] At(int frame) => bands[Math.Max(0, frame)];
        return [.. bands[t].Select((_, i) => Enumerable.Range(-2, 5).Sum(k => k * At(t - 2 + k)[i]) / 10)];
    }

    private static double Mel(double hertz) => 2595 * Math.Log10(1 + hertz / 700);

    private static double Hertz(double mel) => 700 * (Math.Pow(10, mel / 2595) - 1);
}
