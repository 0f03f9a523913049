using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace RnnService.Benchmarks;

/// <summary>What the processor can do at most, measured: what no kernel will exceed.</summary>
internal static class Machine
{
    /// <summary>Its name as the system tells it.</summary>
    public static string Processor
    {
        get
        {
            string? line = File.Exists("/proc/cpuinfo") ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(text => text.StartsWith("model name")) : null;
            string name = line?.Split(':', 2)[1].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString();
            return $"{name}, {Environment.ProcessorCount} processors, vectors of {(Vector512.IsHardwareAccelerated ? 512 : 256)} bits";
        }
    }

    /// <summary>Floating-point operations a second of one thread: independent multiply-adds in registers.</summary>
    public static double Operations()
    {
        const int Rounds = 200_000;
        double best = Best(() => Chains(Rounds));
        return 2.0 * 12 * Vector512<float>.Count * Rounds / best;
    }

    /// <summary>Bytes a second that one thread reads from a block of this size, again and again.</summary>
    public static double Reading(int bytes)
    {
        float[] block = new float[bytes / sizeof(float)];
        int rounds = Math.Max(1, (32 << 20) / bytes);
        return (double)bytes * rounds / Best(() =>
        {
            for (int round = 0; round < rounds; round++) Sum(block);
        });
    }

    private static double Best(Action run)
    {
        double best = double.MaxValue;
        for (int round = 0; round < 40; round++)
        {
            long start = Stopwatch.GetTimestamp();
            run();
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return best;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Chains(int rounds)
    {
        Vector512<float> x = Vector512.Create(0.999f), y = Vector512.Create(1e-3f);
        Vector512<float> a = y, b = y, c = y, d = y, e = y, f = y, g = y, h = y, i = y, j = y, k = y, l = y;
        for (int round = 0; round < rounds; round++)
        {
            a = Vector512.MultiplyAddEstimate(a, x, y);
            b = Vector512.MultiplyAddEstimate(b, x, y);
            c = Vector512.MultiplyAddEstimate(c, x, y);
            d = Vector512.MultiplyAddEstimate(d, x, y);
            e = Vector512.MultiplyAddEstimate(e, x, y);
            f = Vector512.MultiplyAddEstimate(f, x, y);
            g = Vector512.MultiplyAddEstimate(g, x, y);
            h = Vector512.MultiplyAddEstimate(h, x, y);
            i = Vector512.MultiplyAddEstimate(i, x, y);
            j = Vector512.MultiplyAddEstimate(j, x, y);
            k = Vector512.MultiplyAddEstimate(k, x, y);
            l = Vector512.MultiplyAddEstimate(l, x, y);
        }

        return Vector512.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Sum(ReadOnlySpan<float> block)
    {
        ReadOnlySpan<Vector512<float>> vectors = MemoryMarshal.Cast<float, Vector512<float>>(block);
        Vector512<float> a = default, b = default, c = default, d = default;
        for (int i = 0; i + 4 <= vectors.Length; i += 4)
        {
            a += vectors[i];
            b += vectors[i + 1];
            c += vectors[i + 2];
            d += vectors[i + 3];
        }

        return Vector512.Sum(a + b + c + d);
    }
}
