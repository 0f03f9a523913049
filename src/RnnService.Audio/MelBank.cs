using NWaves.Filters.Fda;
using NWaves.Transforms;
using NWaves.Windows;
using RnnService.Engine.Models;

namespace RnnService.Audio;

/// <summary>
/// Triangles over the powers of a spectrum, equally wide on the mel scale (2595 lg(1 + f/700), as HTK has it) and straight in hertz. Immutable.
/// </summary>
internal sealed class MelBank
{
    private readonly (int First, float[] Weights)[] _bands;

    public MelBank(AudioConfig config)
    {
        double high = config.HighFrequency ?? config.SampleRate / 2.0;
        var edges = FilterBanks.MelBands(config.MelBands, config.SampleRate, config.LowFrequency, high, overlap: true);
        // Most of a triangle's row is zero, and some of it zero but for rounding.
        _bands = [.. FilterBanks.Triangular(config.FftSize, config.SampleRate, edges).Select(row =>
        {
            int first = Array.FindIndex(row, IsWeight), last = Array.FindLastIndex(row, IsWeight);
            return first < 0 ? (0, Array.Empty<float>()) : (first, row[first..(last + 1)]);
        })];
        static bool IsWeight(float weight) => weight > 1e-6f;
    }

    /// <summary>Energies of the bands.</summary>
    public void Apply(ReadOnlySpan<float> powers, Span<float> energies)
    {
        for (int band = 0; band < _bands.Length; band++)
        {
            (int first, float[] weights) = _bands[band];
            float sum = 0;
            for (int i = 0; i < weights.Length; i++) sum += weights[i] * powers[first + i];
            energies[band] = sum;
        }
    }
}

/// <summary>A frame of samples to the logarithms of its bands' energies. Has memory of its own: for one thread at a time.</summary>
internal sealed class FrameTransform(AudioConfig config, MelBank bank)
{
    /// <summary>The least energy that is told from silence.</summary>
    private const float Floor = 1e-10f;

    private readonly float[] _window = Window.Hann(config.FrameLength);
    private readonly RealFft _fft = new(config.FftSize);
    private readonly float[] _frame = new float[config.FftSize], _real = new float[config.FftSize / 2 + 1], _imaginary = new float[config.FftSize / 2 + 1];

    /// <summary>ln max(E, 10⁻¹⁰) of each band.</summary>
    /// <param name="samples">The frame [FrameLength].</param>
    /// <param name="bands">The result [MelBands].</param>
    public void LogMel(ReadOnlySpan<float> samples, Span<float> bands)
    {
        for (int i = 0; i < _window.Length; i++) _frame[i] = samples[i] * _window[i]; // zeros behind
        _fft.Direct(_frame, _real, _imaginary);
        for (int i = 0; i < _real.Length; i++) _real[i] = _real[i] * _real[i] + _imaginary[i] * _imaginary[i];
        bank.Apply(_real, bands);
        foreach (ref float energy in bands) energy = MathF.Log(MathF.Max(energy, Floor));
    }
}
