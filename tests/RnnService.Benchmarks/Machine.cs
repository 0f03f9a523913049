using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using RnnService.Engine.Kernels;

namespace RnnService.Benchmarks;

/// <summary>What the processor can do at most, measured: what no kernel will exceed.</summary>
internal static class Machine
{
    /// <summary>Its name as the system tells it.</summary>
    public static string Processor
    {
        get
        {
            const string file = "/proc/cpuinfo";
            string? line = File.Exists(file) ? File.ReadLines(file).FirstOrDefault(text => text.StartsWith("model name")) : null;
            string name = line?.Split(':', 2)[1].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString();
            return $"{name}, {Environment.ProcessorCount} processors, vectors of {(Vector512.IsHardwareAccelerated ? 512 : 256)} bits";
        }
    }

    /// <summary>Floating-point operations a second of one thread: independent multiply-adds of the widest vectors, in registers.</summary>
    public static double Operations()
    {
        const int Rounds = 200_000;
        return Vector512.IsHardwareAccelerated ? Rate<Vector16>(Rounds) : Rate<Vector8>(Rounds);
    }

    /// <summary>Bytes a second that one thread reads from a block of this size, again and again.</summary>
    public static double Reading(long bytes)
    {
        Memory<float> block = AlignedMemory.Allocate((int)(bytes / sizeof(float)));
        block.Span.Fill(1); // memory that was never written is one page of zeros
        int rounds = (int)Math.Max(1, (32 << 20) / bytes);
        return (double)bytes * rounds / Best(() =>
        {
            for (int round = 0; round < rounds; round++) Sum(block.Span);
        });
    }

    private static double Rate<TVector>(int rounds)
        where TVector : struct, IVector<TVector> => 2.0 * 12 * TVector.Count * rounds / Best(() => Chains<TVector>(rounds));

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
    private static unsafe void Chains<TVector>(int rounds)
        where TVector : struct, IVector<TVector>
    {
        TVector x = TVector.Broadcast(0.999f), y = TVector.Broadcast(1e-3f);
        TVector a = y, b = y, c = y, d = y, e = y, f = y, g = y, h = y, i = y, j = y, k = y, l = y;
        for (int round = 0; round < rounds; round++)
        {
            a = TVector.MultiplyAdd(a, x, y);
            b = TVector.MultiplyAdd(b, x, y);
            c = TVector.MultiplyAdd(c, x, y);
            d = TVector.MultiplyAdd(d, x, y);
            e = TVector.MultiplyAdd(e, x, y);
            f = TVector.MultiplyAdd(f, x, y);
            g = TVector.MultiplyAdd(g, x, y);
            h = TVector.MultiplyAdd(h, x, y);
            i = TVector.MultiplyAdd(i, x, y);
            j = TVector.MultiplyAdd(j, x, y);
            k = TVector.MultiplyAdd(k, x, y);
            l = TVector.MultiplyAdd(l, x, y);
        }

        // So that none of them may be left out.
        a = TVector.MultiplyAdd(TVector.MultiplyAdd(a, b, c), TVector.MultiplyAdd(d, e, f), TVector.MultiplyAdd(g, h, i));
        float* sums = stackalloc float[TVector.Count];
        TVector.MultiplyAdd(TVector.MultiplyAdd(a, j, k), x, l).Store(sums);
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
