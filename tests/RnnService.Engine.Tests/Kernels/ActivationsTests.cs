using RnnService.Engine.Kernels;
using Xunit;

namespace RnnService.Engine.Tests.Kernels;

/// <summary>Element-wise functions: the accuracy that is documented, odd values, and independence of the place in the span.</summary>
public sealed class ActivationsTests
{
    private const float Untouched = -12345.5f;

    private static readonly float[] OddValues =
    [
        0, -0f, float.Epsilon, -float.Epsilon, 1e-40f, -1e-40f, 1.17549435e-38f, 1e-30f, -1e-30f, 9.9e-31f, 1e-10f, -1e-10f, 1, -1, 9, -9,
        9.0001f, 87.3f, -87.3f, 88.3f, -88.4f, 100, -1000, 1000, 3e38f, -3e38f, float.PositiveInfinity, float.NegativeInfinity, float.NaN,
    ];

    public static TheoryData<string> Unary => ["tanh", "sigmoid", "relu", "exp", "flush"];

    public static TheoryData<string> Slopes => ["tanh", "sigmoid", "relu"];

    public static TheoryData<string, float, float> Documented => new()
    {
        { "tanh", float.PositiveInfinity, 1 },
        { "tanh", float.NegativeInfinity, -1 },
        { "tanh", 1000, 1 },
        { "tanh", 0, 0 },
        { "tanh", -0f, -0f },
        { "tanh", float.NaN, float.NaN },
        { "sigmoid", float.PositiveInfinity, 1 },
        { "sigmoid", float.NegativeInfinity, 0 },
        { "sigmoid", -1000, 0 },
        { "sigmoid", 0, 0.5f },
        { "sigmoid", float.NaN, float.NaN },
        { "relu", float.PositiveInfinity, float.PositiveInfinity },
        { "relu", float.NegativeInfinity, 0 },
        { "relu", -3, 0 },
        { "relu", -0f, 0 },
        { "relu", 1e-40f, 1e-40f },
        { "relu", float.NaN, float.NaN },
        { "exp", float.NegativeInfinity, 0 },
        { "exp", -88, 0 },
        { "exp", 0, 1 },
        { "exp", -0f, 1 },
        { "exp", 1e-40f, 1 },
        { "exp", float.NaN, float.NaN },
        { "flush", float.NaN, float.NaN },
        { "flush", float.NegativeInfinity, float.NegativeInfinity },
        { "flush", 9.9e-31f, 0 },
        { "flush", -9.9e-31f, 0 },
        { "flush", 1e-30f, 1e-30f },
        { "flush", -1e-30f, -1e-30f },
        { "flush", float.Epsilon, 0 },
        { "flush", -0f, 0 },
    };

    [Theory]
    [MemberData(nameof(Unary))]
    public void A_value_gives_the_same_bits_wherever_it_stands_and_nothing_else_is_written(string name)
    {
        float[] source = [.. OddValues, .. Draw.Normal(1, 260, 3)];
        float[] alone = new float[source.Length];
        for (int i = 0; i < source.Length; i++) Apply(name, source.AsSpan(i, 1), alone.AsSpan(i, 1));
        for (int length = 0; length <= 256; length++)
        {
            int from = length * 13 % 31;
            float[] y = new float[length + 20];
            y.AsSpan().Fill(Untouched);
            Apply(name, source.AsSpan(from, length), y.AsSpan(3, length));
            Expect.SameBits(alone.AsSpan(from, length), y.AsSpan(3, length), $"{name} at length {length}: value");
            Assert.Equal(20, y.Count(value => value == Untouched));

            float[] same = source[from..(from + length)];
            Apply(name, same, same);
            Expect.SameBits(alone.AsSpan(from, length), same, $"{name} in place at length {length}: value");
        }
    }

    [Theory]
    [MemberData(nameof(Slopes))]
    public void Slopes_agree_with_their_formula_wherever_the_value_stands(string name)
    {
        for (int length = 0; length <= 256; length++)
        {
            float[] y = Draw.Normal(2, length), dy = Draw.Normal(3, length), dx = new float[length + 9], single = new float[1];
            Apply(name, y, y);
            dx.AsSpan().Fill(Untouched);
            Slope(name, y, dy, dx.AsSpan(0, length));
            for (int i = 0; i < length; i++)
            {
                double wanted = dy[i] * name switch
                {
                    "tanh" => 1.0 - (double)y[i] * y[i],
                    "sigmoid" => y[i] * (1.0 - y[i]),
                    _ => y[i] > 0 ? 1 : 0,
                };
                Assert.Equal(wanted, dx[i], 1e-6);
                Slope(name, y.AsSpan(i, 1), dy.AsSpan(i, 1), single);
                Expect.SameBits(single, dx.AsSpan(i, 1));
            }

            Assert.Equal(9, dx.Count(value => value == Untouched));
            Slope(name, y, dy, dy);
            Expect.SameBits(dx.AsSpan(0, length), dy, $"{name} in place: value");
        }
    }

    [Fact]
    public void Tanh_and_sigmoid_are_within_5e7()
    {
        float[] x = Sweep(-20, 20, 200_000), y = new float[x.Length];
        Activations.Tanh(x, y);
        Assert.InRange(Worst(x, y, Math.Tanh), 0, 5e-7);
        Activations.Sigmoid(x, y);
        Assert.InRange(Worst(x, y, value => 1 / (1 + Math.Exp(-value))), 0, 5e-7);

        static double Worst(float[] x, float[] y, Func<double, double> wanted)
        {
            double worst = 0;
            for (int i = 0; i < x.Length; i++) worst = Math.Max(worst, Math.Abs(y[i] - wanted(x[i])));
            return worst;
        }
    }

    [Fact]
    public void Exp_is_within_a_relative_2e7()
    {
        float[] x = Sweep(-87.3f, 88.3f, 200_000), y = new float[x.Length];
        Activations.Exp(x, y);
        double worst = 0;
        for (int i = 0; i < x.Length; i++) worst = Math.Max(worst, Math.Abs(y[i] / Math.Exp(x[i]) - 1));
        Assert.InRange(worst, 0, 2e-7);
    }

    [Fact]
    public void Tanh_is_odd_and_stays_within_one()
    {
        float[] x = Sweep(0, 30, 20_000), y = new float[x.Length], negative = new float[x.Length];
        Activations.Tanh(x, y);
        for (int i = 0; i < x.Length; i++) negative[i] = -x[i];
        Activations.Tanh(negative, negative);
        for (int i = 0; i < x.Length; i++) negative[i] = -negative[i];
        Expect.SameBits(y, negative);
        Assert.All(y, value => Assert.InRange(value, 0, 1));
    }

    [Theory]
    [MemberData(nameof(Documented))]
    public void Odd_values_give_what_is_documented(string name, float x, float wanted)
    {
        float[] y = new float[1];
        Apply(name, [x], y);
        if (float.IsNaN(wanted)) Assert.True(float.IsNaN(y[0]), $"{name}({x}) is {y[0]}");
        else Expect.SameBits([wanted], y, $"{name}({x})");
    }

    [Fact]
    public void Exp_of_what_is_too_large_is_finite()
    {
        float[] y = new float[3];
        Activations.Exp([88.3f, 1000, float.PositiveInfinity], y);
        Assert.True(float.IsFinite(y[0]));
        Expect.SameBits([y[0], y[0]], y.AsSpan(1));
    }

    [Fact]
    public void Softmax_and_LogSumExp_agree_with_double_at_every_length()
    {
        for (int length = 1; length <= 256; length++)
        {
            float[] x = Draw.Normal(4, length, 5), scratch = new float[length];
            double largest = x.Max(), sum = x.Sum(value => Math.Exp(value - largest));
            Assert.Equal(largest + Math.Log(sum), Activations.LogSumExp(x, scratch), 2e-6);
            double[] wanted = [.. x.Select(value => Math.Exp(value - largest) / sum)];
            Activations.Softmax(x);
            for (int i = 0; i < length; i++) Assert.Equal(wanted[i], x[i], 4e-6 * wanted[i]);
            Assert.Equal(1, x.Sum(value => (double)value), 1e-6);
        }

        Activations.Softmax([]);
    }

    [Theory]
    [InlineData(new float[] { -1000, 1000 }, new float[] { 0, 1 })]
    [InlineData(new float[] { 1000, 1000, -1000, 1000, 1000 }, new float[] { 0.25f, 0.25f, 0, 0.25f, 0.25f })]
    [InlineData(new float[] { -1000, -1000 }, new float[] { 0.5f, 0.5f })]
    [InlineData(new float[] { -100, 1 }, new float[] { 0, 1 })]
    [InlineData(new float[] { 3e38f, -3e38f }, new float[] { 1, 0 })]
    [InlineData(new float[] { float.NegativeInfinity, 0, 0 }, new float[] { 0, 0.5f, 0.5f })]
    public void Softmax_stands_large_numbers(float[] logits, float[] wanted)
    {
        Activations.Softmax(logits);
        Expect.SameBits(wanted, logits);
    }

    [Fact]
    public void Softmax_of_NaN_is_NaN()
    {
        float[] x = [0, float.NaN, 1];
        Activations.Softmax(x);
        Assert.All(x, value => Assert.True(float.IsNaN(value)));
    }

    private static void Apply(string name, ReadOnlySpan<float> x, Span<float> y)
    {
        switch (name)
        {
            case "tanh": Activations.Tanh(x, y); break;
            case "sigmoid": Activations.Sigmoid(x, y); break;
            case "relu": Activations.Relu(x, y); break;
            case "exp": Activations.Exp(x, y); break;
            default:
                x.CopyTo(y);
                Activations.FlushTiny(y[..x.Length]);
                break;
        }
    }

    private static void Slope(string name, ReadOnlySpan<float> y, ReadOnlySpan<float> dy, Span<float> dx)
    {
        switch (name)
        {
            case "tanh": Activations.TanhBackward(y, dy, dx); break;
            case "sigmoid": Activations.SigmoidBackward(y, dy, dx); break;
            default: Activations.ReluBackward(y, dy, dx); break;
        }
    }

    /// <summary>Evenly spaced values, and the powers of two between.</summary>
    private static float[] Sweep(float from, float to, int count)
    {
        var values = new List<float>(count + 300);
        for (int i = 0; i <= count; i++) values.Add((float)(from + ((double)to - from) * i / count));
        for (float power = 1e-38f; power < to; power *= 2)
        {
            values.Add(power);
            if (-power >= from) values.Add(-power);
        }

        return [.. values];
    }
}
