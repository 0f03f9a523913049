using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace RnnService.Engine.Kernels;

/// <summary>
/// Eight floats side by side, so that a cell writes its equations once and they run eight units at a time, in registers from the
/// product's sums to the new state. The end of a span that does not fill eight goes through the same code: an element's result depends
/// on nothing but itself.
/// </summary>
internal readonly struct Lanes
{
    /// <summary>Floats in one.</summary>
    public const int Count = 8;

    private readonly Vector256<float> _value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Lanes(Vector256<float> value) => _value = value;

    /// <summary>1 in every lane.</summary>
    public static Lanes One => new(Vector256<float>.One);

    /// <summary>The same in every lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes Of(float value) => new(Vector256.Create(value));

    /// <summary>Eight integers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Lanes Of(int* values) => new(Vector256.ConvertToSingle(Vector256.Load(values)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes operator +(Lanes x, Lanes y) => new(x._value + y._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes operator -(Lanes x, Lanes y) => new(x._value - y._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes operator *(Lanes x, Lanes y) => new(x._value * y._value);

    /// <summary>x[at … at+7]; zeros stand for what is past the end.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes Load(ReadOnlySpan<float> x, int at) => (uint)(at + Count) <= (uint)x.Length
        ? new(Vector256.LoadUnsafe(ref MemoryMarshal.GetReference(x), (nuint)at))
        : LoadEnd(x[at..]);

    /// <summary>y[at … at+7] = these, as far as y goes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(Span<float> y, int at)
    {
        if ((uint)(at + Count) <= (uint)y.Length) _value.StoreUnsafe(ref MemoryMarshal.GetReference(y), (nuint)at);
        else StoreEnd(y[at..]);
    }

    /// <summary>x·y + z, rounded once where the processor can.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes MultiplyAdd(Lanes x, Lanes y, Lanes z) => new(Vector256.MultiplyAddEstimate(x._value, y._value, z._value));

    /// <summary>As <see cref="Activations.Tanh"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes Tanh(Lanes lanes)
    {
        Vector256<float> x = Vector256.Min(Vector256.Max(lanes._value, Vector256.Create(-9f)), Vector256.Create(9f));
        Vector256<float> square = x * x;
        Vector256<float> p = Vector256.Create(-2.76076847742355e-16f);
        p = Vector256.MultiplyAddEstimate(p, square, Vector256.Create(2.00018790482477e-13f));
        p = Vector256.MultiplyAddEstimate(p, square, Vector256.Create(-8.60467152213735e-11f));
        p = Vector256.MultiplyAddEstimate(p, square, Vector256.Create(5.12229709037114e-08f));
        p = Vector256.MultiplyAddEstimate(p, square, Vector256.Create(1.48572235717979e-05f));
        p = Vector256.MultiplyAddEstimate(p, square, Vector256.Create(6.37261928875436e-04f));
        p = Vector256.MultiplyAddEstimate(p, square, Vector256.Create(4.89352455891786e-03f));
        Vector256<float> q = Vector256.Create(1.19825839466702e-06f);
        q = Vector256.MultiplyAddEstimate(q, square, Vector256.Create(1.18534705686654e-04f));
        q = Vector256.MultiplyAddEstimate(q, square, Vector256.Create(2.26843463243900e-03f));
        q = Vector256.MultiplyAddEstimate(q, square, Vector256.Create(4.89352518554385e-03f));
        Vector256<float> tanh = x * p / q;
        return new(Vector256.Min(Vector256.Max(tanh, Vector256.Create(-1f)), Vector256.Create(1f)));
    }

    /// <summary>As <see cref="Activations.Sigmoid"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes Sigmoid(Lanes x)
    {
        Vector256<float> half = Vector256.Create(0.5f);
        return new(Vector256.MultiplyAddEstimate(half, Tanh(new(x._value * half))._value, half));
    }

    /// <summary>As <see cref="Activations.Relu"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes Relu(Lanes x) => new(Vector256.Max(x._value, Vector256<float>.Zero));

    /// <summary>As <see cref="Activations.Exp"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes Exp(Lanes lanes)
    {
        Vector256<float> x = lanes._value;
        Vector256<float> vanishing = Vector256.LessThan(x, Vector256.Create(-87.3f));
        x = Vector256.Min(Vector256.Max(x, Vector256.Create(-87.3f)), Vector256.Create(88.3f));
        Vector256<float> n = Vector256.Floor(Vector256.MultiplyAddEstimate(x, Vector256.Create(1.44269504f), Vector256.Create(0.5f)));
        Vector256<float> r = Vector256.MultiplyAddEstimate(n, Vector256.Create(-0.693359375f), x);
        r = Vector256.MultiplyAddEstimate(n, Vector256.Create(2.12194440e-4f), r);
        Vector256<float> p = Vector256.Create(1.9875691500e-4f);
        p = Vector256.MultiplyAddEstimate(p, r, Vector256.Create(1.3981999507e-3f));
        p = Vector256.MultiplyAddEstimate(p, r, Vector256.Create(8.3334519073e-3f));
        p = Vector256.MultiplyAddEstimate(p, r, Vector256.Create(4.1665795894e-2f));
        p = Vector256.MultiplyAddEstimate(p, r, Vector256.Create(1.6666665459e-1f));
        p = Vector256.MultiplyAddEstimate(p, r, Vector256.Create(5.0000001201e-1f));
        p = Vector256.MultiplyAddEstimate(p, r * r, r + Vector256<float>.One);
        Vector256<int> power = Vector256.ShiftLeft(Vector256.ConvertToInt32(n) + Vector256.Create(127), 23);
        return new(Vector256.AndNot(p * power.AsSingle(), vanishing));
    }

    /// <summary>As <see cref="Activations.FlushTiny"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes FlushTiny(Lanes x) =>
        new(Vector256.AndNot(x._value, Vector256.LessThan(Vector256.Abs(x._value), Vector256.Create(1e-30f))));

    /// <summary>As <see cref="Activations.SigmoidBackward"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes SigmoidBackward(Lanes y, Lanes dy) => dy * y * (One - y);

    /// <summary>As <see cref="Activations.TanhBackward"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes TanhBackward(Lanes y, Lanes dy) => dy * (One - y * y);

    /// <summary>As <see cref="Activations.ReluBackward"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes ReluBackward(Lanes y, Lanes dy) =>
        new(Vector256.BitwiseAnd(dy._value, Vector256.GreaterThan(y._value, Vector256<float>.Zero)));

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Lanes LoadEnd(ReadOnlySpan<float> x)
    {
        Span<float> filled = stackalloc float[Count];
        filled.Clear();
        x.CopyTo(filled);
        return new(Vector256.Create<float>(filled));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void StoreEnd(Span<float> y)
    {
        Span<float> filled = stackalloc float[Count];
        _value.CopyTo(filled);
        filled[..y.Length].CopyTo(y);
    }
}
