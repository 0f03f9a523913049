using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace RnnService.Engine.Kernels;

/// <summary>
/// One product C += A·B of 8-bit numbers: a column of B has a scale of its own, and so has a row of A, taken from its largest magnitude
/// when it is multiplied. Sums are exact integers, so nothing but a row itself decides about its bits. A row with NaN or infinity gives
/// NaN.
/// </summary>
/// <remarks>
/// B lies in panels of 32 columns; four values of a column, k to k+3, stand side by side. |q| ≤ 127 on both sides: a sum of two
/// products then fits 16 bits, which is what AVX2 adds up without saturating.
/// </remarks>
internal readonly unsafe struct QuantizedProduct(
    int rows, int depth, PanelOrder order, sbyte* a, float* scaleA, sbyte* b, float* scaleB, float* c, int strideC)
{
    /// <summary>Columns a panel.</summary>
    public const int Panel = 32;

    /// <summary>Depth that stands side by side.</summary>
    public const int Group = 4;

    private const float Most = 127;

    /// <summary>A depth filled up to whole groups.</summary>
    public static int Padded(int depth) => (depth + Group - 1) / Group * Group;

    /// <summary>x ≈ scale·q, with |q| ≤ 127 and the scale that of the largest magnitude; the rest of q becomes 0.</summary>
    public static float Quantize(ReadOnlySpan<float> x, Span<sbyte> q)
    {
        float largest = x.IsEmpty ? 0 : MathF.Abs(TensorPrimitives.MaxMagnitude(x)), inverse = largest == 0 ? 0 : Most / largest;
        q[x.Length..].Clear();
        if (!float.IsFinite(largest) || !float.IsFinite(inverse))
        {
            q.Clear();
            return float.IsFinite(largest) ? 0 : float.NaN;
        }

        int i = 0;
        for (; i + 8 <= x.Length; i += 8)
        {
            Vector256<int> rounded = Vector256.ConvertToInt32(Vector256.Round(Vector256.Create(x[i..]) * inverse));
            Vector128<short> words = Vector128.Narrow(rounded.GetLower(), rounded.GetUpper());
            Vector128.Narrow(words, words).GetLower().CopyTo(q[i..]);
        }

        for (; i < x.Length; i++) q[i] = (sbyte)MathF.Round(x[i] * inverse);
        return largest / Most;
    }

    /// <summary>The columns of some panels.</summary>
    public void Run(int firstPanel, int endPanel)
    {
        int* sums = stackalloc int[Panel];
        int groups = Padded(depth) / Group;
        for (int panel = firstPanel; panel < endPanel; panel++)
        {
            int column = order.ColumnOf(panel), width = order.WidthOf(panel);
            sbyte* weights = b + (nint)panel * groups * Group * Panel;
            for (int row = 0; row < rows; row++)
            {
                Multiply(groups, (int*)(a + (nint)row * groups * Group), weights, sums);
                float* result = c + row * strideC + column, scales = scaleB + column;
                for (int at = 0; at < width; at += Vector8.Count)
                {
                    var scale = Vector8.Load(new ReadOnlySpan<float>(scales, width), at) * Vector8.Broadcast(scaleA[row]);
                    var target = new Span<float>(result, width);
                    Vector8.MultiplyAdd(Vector8.Load(sums + at), scale, Vector8.Load(target, at)).Store(target, at);
                }
            }
        }
    }

    /// <summary>The sums of 32 columns: four vectors of eight.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply(int groups, int* a, sbyte* b, int* sums)
    {
        Vector256<int> s0 = Vector256<int>.Zero, s1 = s0, s2 = s0, s3 = s0;
        for (nint group = 0; group < groups; group++, b += Group * Panel)
        {
            Vector256<int> x = Vector256.Create(a[group]);
            s0 = MultiplyAdd(x, Vector256.Load(b), s0);
            s1 = MultiplyAdd(x, Vector256.Load(b + 32), s1);
            s2 = MultiplyAdd(x, Vector256.Load(b + 64), s2);
            s3 = MultiplyAdd(x, Vector256.Load(b + 96), s3);
        }

        s0.Store(sums);
        s1.Store(sums + 8);
        s2.Store(sums + 16);
        s3.Store(sums + 24);
    }

    /// <summary>Adds to each of eight sums four products of signed bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> MultiplyAdd(Vector256<int> x, Vector256<sbyte> w, Vector256<int> sum)
    {
        if (Avx2.IsSupported)
        {
            // The instruction wants unsigned times signed: |x| times w with the sign of x.
            Vector256<short> pairs = Avx2.MultiplyAddAdjacent(Avx2.Abs(x.AsSByte()), Avx2.Sign(w, x.AsSByte()));
            return sum + Avx2.MultiplyAddAdjacent(pairs, Vector256<short>.One);
        }

        for (int shift = 24; shift >= 0; shift -= 8) sum += Byte(x, shift) * Byte(w.AsInt32(), shift);
        return sum;

        static Vector256<int> Byte(Vector256<int> bytes, int shift) =>
            Vector256.ShiftRightArithmetic(Vector256.ShiftLeft(bytes, shift), 24);
    }
}
