using System.Text.Json.Serialization;

namespace RnnService.Training.Recipes;

/// <summary>How sounds are changed in training, anew in every epoch: so few recordings sound like many.</summary>
public sealed record SoundChanges
{
    /// <summary>How many recordings <see cref="Join"/> may be.</summary>
    internal static readonly Bounds JoinBounds = new(1, 100);

    /// <summary>What is not given is not done.</summary>
    [JsonConstructor]
    public SoundChanges(int join = 1, double pause = 0, double speed = 0, double gain = 0, double noise = 0, double tone = 0) =>
        (Join, Pause, Speed, Gain, Noise, Tone) = (join, pause, speed, gain, noise, tone);

    /// <summary>At most so many recordings are put together for one, of a transcriber; half stay alone.</summary>
    public int Join { get; init; }

    /// <summary>The longest silence between and around recordings, in seconds.</summary>
    public double Pause { get; init; }

    /// <summary>Share by which a recording is made faster or slower, and with it higher or lower.</summary>
    public double Speed { get; init; }

    /// <summary>Decibels by which it is made louder or softer.</summary>
    public double Gain { get; init; }

    /// <summary>White noise in half of the sounds: at the least so many decibels softer than the sound; 0 for none.</summary>
    public double Noise { get; init; }

    /// <summary>Decibels by which the highest frequencies are made louder or softer than the lowest, as another microphone or room would.</summary>
    public double Tone { get; init; }
}
