using RnnService.Engine.Kernels;
using RnnService.Engine.Weights;
using Xunit;

namespace RnnService.Engine.Tests.Weights;

/// <summary>All 65,536 patterns of both 16-bit types, read and written, and every rounding between two neighbours.</summary>
public sealed class FloatConversionTests : IDisposable
{
    private const int Patterns = 65_536;

    private readonly string _folder = Directory.CreateTempSubdirectory("conversion-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Every_BF16_pattern_is_the_upper_half_of_its_float()
    {
        float[] read = ReadAllPatterns("BF16");
        for (int pattern = 0; pattern < Patterns; pattern++)
            Assert.Equal((uint)pattern << 16, BitConverter.SingleToUInt32Bits(read[pattern]));
    }

    [Fact]
    public void Every_F16_pattern_is_read_as_its_sign_exponent_and_fraction_say()
    {
        float[] read = ReadAllPatterns("F16");
        for (int pattern = 0; pattern < Patterns; pattern++)
        {
            double expected = DecodeHalf(pattern);
            Assert.Equal(expected, read[pattern]);
            Assert.Equal((float)BitConverter.UInt16BitsToHalf((ushort)pattern), read[pattern]);
            if (expected == 0) Assert.Equal(pattern != 0, float.IsNegative(read[pattern]));
        }
    }

    [Theory]
    [InlineData(ElementType.BF16)]
    [InlineData(ElementType.F16)]
    public void Every_pattern_written_comes_back(ElementType type)
    {
        float[] values = ReadAllPatterns(type.ToString());
        float[] read = Rewritten(values, type);
        for (int pattern = 0; pattern < Patterns; pattern++)
        {
            if (float.IsNaN(values[pattern])) Assert.True(float.IsNaN(read[pattern]));
            else Assert.Equal(BitConverter.SingleToUInt32Bits(values[pattern]), BitConverter.SingleToUInt32Bits(read[pattern]));
        }
    }

    [Theory]
    [InlineData(ElementType.BF16, 0x7F80)]
    [InlineData(ElementType.F16, 0x7C00)]
    public void Values_between_neighbours_round_to_the_nearest_and_ties_to_the_even_one(ElementType type, int infinity)
    {
        // Patterns of finite positive values rise with the values, so that neighbours are one apart.
        float[] exact = ReadAllPatterns(type.ToString());
        float[] middles = [.. Enumerable.Range(0, infinity - 1).Select(i => (float)(((double)exact[i] + exact[i + 1]) / 2))];
        float[] below = Rewritten([.. middles.Select(MathF.BitDecrement)], type);
        float[] tie = Rewritten(middles, type);
        float[] above = Rewritten([.. middles.Select(MathF.BitIncrement)], type);
        float[] mirrored = Rewritten([.. middles.Select(middle => -middle)], type);
        for (int i = 0; i < middles.Length; i++)
        {
            Assert.Equal(exact[i], below[i]);
            Assert.Equal(exact[i % 2 == 0 ? i : i + 1], tie[i]);
            Assert.Equal(exact[i + 1], above[i]);
            Assert.Equal(-tie[i], mirrored[i]);
        }
    }

    [Fact]
    public void What_is_too_large_becomes_infinity_and_a_NaN_stays_one()
    {
        float[] values =
        [
            float.MaxValue, float.NegativeInfinity, 65519.996f, 65520f, float.Epsilon,
            BitConverter.UInt32BitsToSingle(0x7F800001), BitConverter.UInt32BitsToSingle(0xFFFFFFFF),
        ];
        Assert.Equal(
            [float.PositiveInfinity, float.NegativeInfinity, 65536f, 65536f, 0f, float.NaN, float.NaN], Rewritten(values, ElementType.BF16));
        Assert.Equal(
            [float.PositiveInfinity, float.NegativeInfinity, 65504f, float.PositiveInfinity, 0f, float.NaN, float.NaN],
            Rewritten(values, ElementType.F16));
    }

    private static float[] ReadAllPatterns(string type)
    {
        byte[] data = new byte[Patterns * 2];
        for (int pattern = 0; pattern < Patterns; pattern++)
        {
            data[pattern * 2] = (byte)pattern;
            data[pattern * 2 + 1] = (byte)(pattern >> 8);
        }

        string header = $$$"""{"w":{"dtype":"{{{type}}}","shape":[256,256],"data_offsets":[0,{{{data.Length}}}]}}""";
        return RawFile.Read(header, data).Floats("w", 256, 256);
    }

    private float[] Rewritten(float[] values, ElementType type)
    {
        string path = Path.Combine(_folder, "w.safetensors");
        SafeTensorsWriter.Write(path, [new("w", [values.Length], values)], type: type);
        return SafeTensorsFile.Open(path).Floats("w", values.Length);
    }

    private static double DecodeHalf(int pattern)
    {
        double sign = pattern >> 15 == 0 ? 1 : -1;
        int exponent = pattern >> 10 & 31;
        double fraction = (pattern & 1023) / 1024.0;
        return exponent switch
        {
            0 => sign * fraction * Math.Pow(2, -14),
            31 => fraction == 0 ? sign * double.PositiveInfinity : double.NaN,
            _ => sign * (1 + fraction) * Math.Pow(2, exponent - 15),
        };
    }
}
