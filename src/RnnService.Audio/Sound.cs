namespace RnnService.Audio;

/// <summary>A sound of one channel.</summary>
/// <param name="Samples">Its samples, −1 to 1 at full scale.</param>
/// <param name="SampleRate">Samples a second.</param>
public sealed record Sound(float[] Samples, int SampleRate)
{
    /// <summary>The lowest and the highest rate that is read.</summary>
    public const int LeastRate = 1_000, MostRate = 384_000;

    /// <summary>Seconds that it lasts.</summary>
    public double Seconds => (double)Samples.Length / SampleRate;

    /// <summary>Why a rate is not taken, as <c>sample rate is 0; expected 1000 to 384000</c>; null when it is.</summary>
    internal static string? RateFault(int rate) =>
        rate is >= LeastRate and <= MostRate ? null : $"sample rate is {rate}; expected {LeastRate} to {MostRate}";
}
