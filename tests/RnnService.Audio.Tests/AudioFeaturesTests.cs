using CsCheck;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;

namespace RnnService.Audio.Tests;

public class AudioFeaturesTests
{
    private static readonly Gen<AudioConfig> Configs = Gen.Select(
        Gen.Bool, Gen.Int[1, 3], Gen.Bool.Select(some => some ? 0.97 : 0), Gen.Bool.Select(all => all ? (double?)null : 3000), Gen.Int[20, 200], Gen.Bool.Select(some => some ? 60.0 : 0),
        (deltas, stack, emphasis, high, hop, low) => new AudioConfig
        {
            Deltas = deltas,
            Stack = stack,
            Preemphasis = emphasis,
            HighFrequency = high,
            HopLength = hop,
            LowFrequency = low,
            MelBands = 24,
        });

    private static readonly Gen<float[]> Noise = Gen.Select(Gen.Double[0.001, 1], Gen.Double[-1, 1].Array[0, 3000],
        (loudness, samples) => samples.Select(x => (float)(x * loudness)).ToArray());

    [Fact]
    public void Features_are_those_of_the_definition() => Gen.Select(Configs, Noise).Sample((config, samples) =>
    {
        NumberSequence found = new AudioFeatures(config).Of(samples, config.SampleRate);
        double[][] expected = ReferenceFeatures.Of(samples, config);
        Assert.Equal(expected.Length, found.Steps);
        for (int t = 0; t < expected.Length; t++)
        {
            ReadOnlySpan<float> step = found.Values.Span.Slice(t * found.Features, found.Features);
            Assert.Equal(expected[t].Length, step.Length);
            for (int i = 0; i < step.Length; i++) Assert.Equal(expected[t][i], step[i], 2e-3);
        }
    }, iter: 30);

    [Theory]
    [InlineData(8000)]
    [InlineData(11_025)]
    [InlineData(44_100)]
    [InlineData(5_501)]
    public void Pieces_give_the_bits_of_the_whole(int rate) => Gen.Select(Configs, Noise, Gen.Int[1, 700].Array[1, 20]).Sample((config, samples, sizes) =>
    {
        var features = new AudioFeatures(config);
        AudioStream stream = features.NewStream(rate);
        var pieces = new List<float>();
        for (int at = 0, turn = 0; at < samples.Length; turn++)
        {
            int size = Math.Min(sizes[turn % sizes.Length], samples.Length - at);
            pieces.AddRange(stream.Push(samples.AsSpan(at, size)).Values.Span);
            at += size;
        }

        pieces.AddRange(stream.End().Values.Span);
        Assert.Equal(features.Of(samples, rate).Values.ToArray(), pieces);
    }, iter: 40);

    [Fact]
    public void Silence_and_a_constant_are_finite_and_without_change()
    {
        var features = new AudioFeatures(new AudioConfig());
        foreach (float level in (float[])[0, 0.5f, -1])
        {
            NumberSequence found = features.Of(Enumerable.Repeat(level, 8000).ToArray(), 8000);
            Assert.Equal(98, found.Steps);
            Assert.All(found.Values.ToArray(), value => Assert.True(float.IsFinite(value)));
            // From the sixth frame on no delta sees the jump from the silence before the first sample.
            ReadOnlySpan<float> last = found.Values.Span[^40..];
            Assert.True(last.IndexOfAnyExceptInRange(-1e-3f, 1e-3f) < 0);
        }

        Assert.All(features.Of(new float[8000], 8000).Values.ToArray().Take(40), value => Assert.Equal(Math.Log(1e-10), value, 1e-5));
    }

    [Theory]
    [InlineData(16_000)]
    [InlineData(44_100)]
    [InlineData(48_000)]
    [InlineData(6_000)]
    public void A_tone_keeps_its_features_at_another_rate(int rate)
    {
        var features = new AudioFeatures(new AudioConfig { Deltas = false });
        float[] Tone(int at) => [.. Enumerable.Range(0, at).Select(i => (float)(0.3 * Math.Sin(2 * Math.PI * 1000 * i / at)))];
        NumberSequence expected = features.Of(Tone(8000), 8000), found = features.Of(Tone(rate), rate);
        Assert.Equal(expected.Steps, found.Steps);
        // The band of the tone, in the middle of the sound.
        int loudest = Enumerable.Range(0, 40).MaxBy(band => expected.Values.Span[50 * 40 + band]);
        Assert.Equal(expected.Values.Span[50 * 40 + loudest], found.Values.Span[50 * 40 + loudest], 0.01);
    }

    [Fact]
    public void What_is_above_half_the_rate_does_not_fold_back()
    {
        float[] high = [.. Enumerable.Range(0, 16_000).Select(i => (float)Math.Sin(2 * Math.PI * 6000 * i / 16_000))];
        NumberSequence found = new AudioFeatures(new AudioConfig { Deltas = false }).Of(high, 16_000);
        Assert.All(found.Values.ToArray().Skip(10 * 40).Take(70 * 40), value => Assert.True(value < -8, $"{value}"));
    }

    [Fact]
    public void A_sample_that_is_no_number_is_named_and_changes_nothing()
    {
        AudioStream stream = new AudioFeatures(new AudioConfig()).NewStream(8000);
        stream.Push(new float[150]);
        var fault = Assert.Throws<ArgumentException>(() => stream.Push([0, float.NaN]));
        Assert.StartsWith("sample 1 is NaN; expected a finite number", fault.Message, StringComparison.Ordinal);
        Assert.Equal(0, stream.Push(new float[49]).Steps);
        Assert.Equal(1, stream.Push(new float[1]).Steps);
    }

    [Fact]
    public void Threads_share_one_object()
    {
        var features = new AudioFeatures(new AudioConfig());
        float[][] sounds = [.. Enumerable.Range(1, 16).Select(k => Enumerable.Range(0, 4000).Select(i => MathF.Sin(0.01f * k * i)).ToArray())];
        float[][] alone = [.. sounds.Select(sound => features.Of(sound, 8000).Values.ToArray())];
        float[][] together = new float[16][];
        Parallel.For(0, 16, i => together[i] = features.Of(sounds[i], 8000).Values.ToArray());
        for (int i = 0; i < 16; i++) Assert.Equal(alone[i], together[i]);
    }
}
