namespace RnnService.Playground.Tests.Serving;

/// <summary>Digits said by a few lines of arithmetic: a hum whose resonances glide as a mouth's do, and noise for what is hissed.</summary>
internal static class SpokenDigits
{
    /// <summary>What is said, and samples a second.</summary>
    public const string Text = "2 3 8 0";

    public const int Rate = 8000;

    private const double Pitch = 120, Width = 90, Highest = 3800;

    private static readonly double[] s_strengths = [1, 0.6, 0.25];

    /// <summary>A WAV file of it, with pauses.</summary>
    public static byte[] Wav { get; } = WavBytes.Of([.. Say().Select(value => (short)(30_000 * Math.Clamp(value, -1, 1)))], Rate);

    private static List<double> Say()
    {
        var random = new Random(1);
        var sound = new List<double>();
        Rest(0.4);
        Hiss(0.06, 0.2);
        Hum(0.3, [0, 300, 1700, 2400], [0.4, 310, 1100, 2300], [1, 300, 900, 2300]);
        Rest(0.5);
        Hiss(0.08, 0.05);
        Hum(0.35, [0, 400, 1300, 1700], [0.3, 300, 2000, 2700], [1, 280, 2250, 2900]);
        Rest(0.5);
        Hum(0.25, [0, 500, 1900, 2500], [1, 350, 2200, 2800]);
        Rest(0.06);
        Hiss(0.05, 0.1);
        Rest(0.5);
        Hiss(0.08, 0.12);
        Hum(0.2, [0, 350, 2000, 2600], [0.5, 400, 1800, 2300], [1, 450, 1300, 1700]);
        Hum(0.25, [0, 500, 900, 2300], [1, 400, 800, 2300]);
        Rest(0.7);
        return sound;

        void Rest(double seconds) => Add(seconds, _ => 0.0012 * (random.NextDouble() - 0.5));

        void Hiss(double seconds, double strength)
        {
            double before = 0;
            Add(seconds, share =>
            {
                double value = 2 * random.NextDouble() - 1, change = value - before;
                before = value;
                return change * strength * Math.Min(1, Math.Min(6 * share, 6 * (1 - share)));
            });
        }

        // A row of moments is when, as a share, and where the three resonances are then, in hertz.
        void Hum(double seconds, params double[][] moments)
        {
            double phase = 0;
            Add(seconds, share =>
            {
                int last = Math.Max(0, Array.FindLastIndex(moments, moment => moment[0] <= share));
                double[] from = moments[Math.Min(last, moments.Length - 2)], to = moments[Math.Min(last, moments.Length - 2) + 1];
                double way = Math.Min(1, (share - from[0]) / (to[0] - from[0]));
                phase += 2 * Math.PI * Pitch / Rate;
                double value = 0;
                for (int harmonic = 1; harmonic * Pitch < Highest; harmonic++)
                {
                    double strength = 0;
                    for (int i = 0; i < s_strengths.Length; i++)
                    {
                        double apart = (harmonic * Pitch - (from[i + 1] + (to[i + 1] - from[i + 1]) * way)) / Width;
                        strength += s_strengths[i] / (1 + apart * apart);
                    }

                    value += strength * Math.Sin(harmonic * phase);
                }

                return 0.25 * value * Math.Min(1, Math.Min(8 * share, 4 * (1 - share)));
            });
        }

        void Add(double seconds, Func<double, double> value)
        {
            int samples = (int)(seconds * Rate);
            for (int i = 0; i < samples; i++) sound.Add(value((double)i / samples));
        }
    }
}
