using System.Text.Json.Serialization;

namespace RnnService.Engine.Models;

/// <summary>
/// What a model reads that reads numbers: sequences of steps, each of as many values. Their means and standard deviations are fixed
/// parameters of the model, <c>input.mean</c> and <c>input.std</c> [features].
/// </summary>
public sealed record NumbersConfig
{
    /// <summary>The most values of a step, and the most steps ahead.</summary>
    public const int MaxFeatures = 4096, MaxHorizon = 1000;

    /// <summary>What need not be given.</summary>
    [JsonConstructor]
    public NumbersConfig(IReadOnlyList<string>? names = null, string separator = " ") => (Names, Separator) = (names ?? [], separator);

    /// <summary>How many values a step has (F).</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Features { get; init; }

    /// <summary>What the values of a step are called, in their order; empty where nothing is said.</summary>
    public IReadOnlyList<string> Names { get; init; }

    /// <summary>How the values are made of sound; null for a model that reads them as they are.</summary>
    public AudioConfig? Audio { get; init; }

    /// <summary>A forecaster's: how many steps ahead it tells (H); 0 for other models.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Horizon { get; init; }

    /// <summary>A regressor's: whether every step has values, and not the sequence as a whole.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool EachStep { get; init; }

    /// <summary>A transcriber's: what stands between two symbols of a text.</summary>
    public string Separator { get; init; }

    /// <summary>Checks that sizes are positive and that fields agree.</summary>
    /// <exception cref="ArgumentException">They do not; the message names the field, the value found and the one expected.</exception>
    internal void Validate(ModelTask task)
    {
        if (Features is < 1 or > MaxFeatures) throw Wrong("features", Features, $"1 to {MaxFeatures}");
        if (Names.Count > 0 && Names.Count != Features) throw Wrong("names", Names.Count, $"{Features} (numbers.features), or none");
        if (Names.Any(string.IsNullOrEmpty)) throw new ArgumentException("numbers.names holds an empty one; expected a character or more in each");
        if (Names.Distinct().Count() != Names.Count) throw new ArgumentException("numbers.names repeat; expected each once");
        if (Audio is { } audio)
        {
            audio.Validate();
            if (audio.Features != Features) throw Wrong("features", Features, $"{audio.Features}, as numbers.audio makes of a step");
        }

        if (task == ModelTask.Forecaster)
        {
            if (Horizon is < 1 or > MaxHorizon) throw Wrong("horizon", Horizon, $"1 to {MaxHorizon}");
        }
        else if (Horizon != 0)
        {
            throw Wrong("horizon", Horizon, "none (left out) but for a forecaster");
        }

        if (EachStep && task != ModelTask.Regressor) throw Wrong("each_step", true, "false but for a regressor");
        static ArgumentException Wrong(string name, object found, string expected) =>
            new(FormattableString.Invariant($"numbers.{name} is {found}; expected {expected}"));
    }
}

/// <summary>
/// How sound becomes steps of numbers: log energies of bands that are equally wide on the mel scale, frame by frame. What is added to a frame
/// depends on the frames before alone, so that pieces give the steps of the whole.
/// </summary>
public sealed record AudioConfig
{
    /// <summary>The usual sizes for speech where none are given.</summary>
    [JsonConstructor]
    public AudioConfig(
        int sampleRate = 8000, int frameLength = 200, int hopLength = 80, int fftSize = 256, int melBands = 40, double lowFrequency = 0,
        double? highFrequency = null, double preemphasis = 0.97, bool deltas = true, int stack = 1)
    {
        (SampleRate, FrameLength, HopLength, FftSize, MelBands) = (sampleRate, frameLength, hopLength, fftSize, melBands);
        (LowFrequency, HighFrequency, Preemphasis, Deltas, Stack) = (lowFrequency, highFrequency, preemphasis, deltas, stack);
    }

    /// <summary>Samples a second; sound of another rate is converted.</summary>
    public int SampleRate { get; init; }

    /// <summary>Samples of a frame.</summary>
    public int FrameLength { get; init; }

    /// <summary>Samples from the beginning of a frame to that of the next.</summary>
    public int HopLength { get; init; }

    /// <summary>Samples that are transformed: a frame, filled up with zeros. A power of two.</summary>
    public int FftSize { get; init; }

    /// <summary>Number of bands.</summary>
    public int MelBands { get; init; }

    /// <summary>Where the lowest band begins, in hertz.</summary>
    public double LowFrequency { get; init; }

    /// <summary>Where the highest band ends, in hertz; null for half the sample rate.</summary>
    public double? HighFrequency { get; init; }

    /// <summary>How much of the sample before is taken from each: y[n] = x[n] − a x[n−1]. 0 for nothing.</summary>
    public double Preemphasis { get; init; }

    /// <summary>Whether a frame's change stands beside it, computed from frames before alone.</summary>
    public bool Deltas { get; init; }

    /// <summary>How many frames in a row are one step, side by side: a step every <see cref="Stack"/> · <see cref="HopLength"/> samples.</summary>
    public int Stack { get; init; }

    /// <summary>How many values a step has.</summary>
    [JsonIgnore]
    public int Features => MelBands * (Deltas ? 2 : 1) * Stack;

    /// <summary>Checks that sizes are possible and that fields agree.</summary>
    /// <exception cref="ArgumentException">They do not; the message names the field, the value found and the one expected.</exception>
    public void Validate()
    {
        Between("sample_rate", SampleRate, 1000, 192_000);
        Between("frame_length", FrameLength, 2, 65_536);
        Between("hop_length", HopLength, 1, FrameLength);
        Between("fft_size", FftSize, FrameLength, 65_536);
        if (!int.IsPow2(FftSize)) throw Wrong("fft_size", FftSize, $"a power of two");
        Between("mel_bands", MelBands, 1, FftSize / 2);
        Between("stack", Stack, 1, 100);
        double half = SampleRate / 2.0, high = HighFrequency ?? half;
        if (!(LowFrequency >= 0 && LowFrequency < half)) throw Wrong("low_frequency", LowFrequency, $"0 to less than {half}");
        if (!(high > LowFrequency && high <= half)) throw Wrong("high_frequency", high, $"more than {LowFrequency} (low_frequency) to {half}");
        if (!(Preemphasis >= 0 && Preemphasis < 1)) throw Wrong("preemphasis", Preemphasis, $"0 to less than 1");

        static void Between(string name, int found, int least, int most)
        {
            if (found < least || found > most) throw Wrong(name, found, $"{least} to {most}");
        }

        static ArgumentException Wrong(string name, object found, FormattableString expected) =>
            new(FormattableString.Invariant($"numbers.audio.{name} is {found}; expected {FormattableString.Invariant(expected)}"));
    }
}
