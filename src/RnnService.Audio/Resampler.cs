namespace RnnService.Audio;

/// <summary>
/// Converts a sound's rate, piece by piece: band-limited interpolation with a sinc under a Hann window, as in J. O. Smith, "Digital Audio Resampling
/// Home Page" (CCRMA, Stanford). An output's place among the inputs is a fraction of whole numbers, and every output is the same sum however the
/// inputs were cut, so that pieces give the bits of the whole. One object a stream, for one thread at a time.
/// </summary>
internal sealed class Resampler
{
    /// <summary>Zero crossings of the sinc on each side, and places in the table between two of them.</summary>
    private const int Crossings = 16, Places = 512;

    /// <summary>The part of the lower rate's band that is kept.</summary>
    private const double RollOff = 0.95;

    private static readonly double[] Sinc = [.. Enumerable.Range(0, Crossings * Places + 2).Select(At)];

    private readonly long _up, _down; // rates to and from, without their common divisor
    private readonly double _scale; // zero crossings an input
    private readonly int _reach; // inputs on each side that an output looks at
    private float[] _inputs; // from input _first on
    private int _count;
    private long _first, _next; // of inputs held; of outputs

    public Resampler(int from, int to)
    {
        long divisor = (long)System.Numerics.BigInteger.GreatestCommonDivisor(from, to);
        (_up, _down) = (to / divisor, from / divisor);
        _scale = RollOff * Math.Min(1, (double)to / from);
        _reach = (int)Math.Ceiling(Crossings / _scale);
        _inputs = new float[_reach + 1024];
        (_count, _first) = (_reach, -_reach); // silence before the beginning
    }

    /// <summary>The outputs that a piece of input completes.</summary>
    public float[] Push(ReadOnlySpan<float> samples)
    {
        if (_count + samples.Length > _inputs.Length) Array.Resize(ref _inputs, _count + samples.Length);
        samples.CopyTo(_inputs.AsSpan(_count));
        _count += samples.Length;
        long known = _first + _count - _reach; // outputs before this input have all that they look at
        return Outputs(known <= 0 ? 0 : (known * _up - 1) / _down + 1);
    }

    /// <summary>The outputs that still waited for inputs: silence follows the end.</summary>
    public float[] End()
    {
        long inputs = _first + _count;
        float[] last = Push(new float[_reach + 1]);
        long wanted = (inputs * _up + _down - 1) / _down, before = _next - last.Length;
        return last[..(int)Math.Max(0, wanted - before)];
    }

    private float[] Outputs(long end)
    {
        float[] outputs = new float[Math.Max(0, end - _next)];
        for (int i = 0; i < outputs.Length; i++, _next++) outputs[i] = Output(_next);
        long kept = Math.Max(_first, _next * _down / _up - _reach);
        int dropped = (int)Math.Min(kept - _first, _count);
        _inputs.AsSpan(dropped, _count - dropped).CopyTo(_inputs);
        _count -= dropped;
        _first += dropped;
        return outputs;
    }

    private float Output(long index)
    {
        (long at, long part) = Math.DivRem(index * _down, _up);
        double fraction = (double)part / _up, sum = 0;
        int middle = (int)(at - _first);
        for (int i = Math.Max(0, middle - _reach + 1); i <= middle + _reach && i < _count; i++)
        {
            double place = Math.Abs(i - middle - fraction) * _scale * Places;
            int left = (int)place;
            if (left > Crossings * Places) continue;
            sum += _inputs[i] * (Sinc[left] + (Sinc[left + 1] - Sinc[left]) * (place - left));
        }

        return (float)(sum * _scale);
    }

    private static double At(int place)
    {
        double x = (double)place / Places;
        if (x >= Crossings) return 0;
        double hann = 0.5 + 0.5 * Math.Cos(Math.PI * x / Crossings);
        return x == 0 ? 1 : hann * Math.Sin(Math.PI * x) / (Math.PI * x);
    }
}
