using System.Text;
using CsCheck;
using RnnService.Engine.Kernels;
using RnnService.Engine.Weights;
using Xunit;

namespace RnnService.Engine.Tests.Weights;

/// <summary>Damaged files are read, or refused with <see cref="WeightFormatException"/>: nothing else ever comes out.</summary>
public class SafeTensorsFuzzTests
{
    private static readonly byte[] Sound = RawFile.Bytes(
        """
        {"__metadata__":{"format":"pt","note":"\u00e9\n"},"a.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},
         "b":{"dtype":"BF16","shape":[],"data_offsets":[24,26]},"c":{"dtype":"I64","shape":[1],"data_offsets":[26,34]},
         "none":{"dtype":"F16","shape":[0,7],"data_offsets":[34,34]},"d":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[34,36]}}
        """,
        [.. Enumerable.Range(0, 36).Select(i => (byte)(i * 37))]);

    [Fact]
    public void The_sound_file_is_read() => Assert.True(ReadsOrIsRefused(Sound));

    [Fact]
    public void Flipped_replaced_removed_and_inserted_bytes()
    {
        const string significant = "0123456789{}[]\":,\\ ";
        var damage = Gen.OneOf(
            Damage((bytes, at, value) => [.. bytes[..at], (byte)(bytes[at] ^ 1 << value % 8), .. bytes[(at + 1)..]]),
            Damage((bytes, at, value) => [.. bytes[..at], value, .. bytes[(at + 1)..]]),
            Damage((bytes, at, value) => [.. bytes[..at], (byte)significant[value % significant.Length], .. bytes[(at + 1)..]]),
            Damage((bytes, at, _) => [.. bytes[..at], .. bytes[(at + 1)..]]),
            Damage((bytes, at, value) => [.. bytes[..at], value, .. bytes[at..]]));
        damage.Array[1, 4].Sample(
            changes =>
            {
                ReadsOrIsRefused(changes.Aggregate(Sound, (bytes, change) => change(bytes)));
            },
            iter: 100_000);

        static Gen<Func<byte[], byte[]>> Damage(Func<byte[], int, byte, byte[]> change) =>
            from at in Gen.Int[0, Sound.Length - 1]
            from value in Gen.Byte
            select (Func<byte[], byte[]>)(bytes => change(bytes, at % bytes.Length, value));
    }

    [Fact]
    public void Every_truncation_is_refused()
    {
        for (int length = 0; length < Sound.Length; length++) Assert.False(ReadsOrIsRefused(Sound[..length]));
    }

    [Fact]
    public void Every_single_bit_of_the_length_prefix_matters()
    {
        for (int bit = 0; bit < 64; bit++)
        {
            byte[] bytes = [.. Sound];
            bytes[bit / 8] ^= (byte)(1 << bit % 8);
            Assert.False(ReadsOrIsRefused(bytes), $"bit {bit} of the header's length");
        }
    }

    [Fact]
    public void Headers_of_plausible_parts_in_any_combination()
    {
        // Small numbers, so that a good part of the headers is sound and the rest is wrong by a little.
        var type = Gen.OneOf("F32", "F16", "BF16", "I64", "I32", "U8", "F4", "F6_E2M3", "X", "");
        var number = Gen.OneOf("-1", "1.5", "1e9", "2147483647", "99999999999999999999", "null");
        var small = Gen.Frequency((12, Gen.Int[0, 3].Select(value => value.ToString())), (1, number));
        var offset = Gen.Frequency((12, Gen.Int[0, 6].Select(value => (value * 2).ToString())), (1, number));
        var entry =
            from dtype in type
            from shape in small.Array[0, 2]
            from offsets in Gen.Frequency((12, offset.Array[2]), (1, offset.Array[0, 3]))
            select $$"""{"dtype":"{{dtype}}","shape":[{{string.Join(',', shape)}}],"data_offsets":[{{string.Join(',', offsets)}}]}""";
        var field = Gen.Select(Gen.OneOf("a", "b", "c", "d"), entry, (name, value) => $"\"{name}\":{value}");
        var header = field.Array[0, 3].Select(fields => $$"""{{{string.Join(',', fields)}}}""");
        int read = 0;
        Gen.Select(header, Gen.Int[0, 6]).Sample(
            (text, length) =>
            {
                if (ReadsOrIsRefused(RawFile.Bytes(text, new byte[length * 2]))) Interlocked.Increment(ref read);
            },
            iter: 50_000);

        Assert.True(read > 100, $"only {read} of the headers were sound: the generator tests refusals alone");
    }

    // What is read must be whole: every byte of the data belongs to exactly one tensor.
    private static bool ReadsOrIsRefused(byte[] bytes)
    {
        SafeTensorsFile file;
        try
        {
            file = RawFile.Read(bytes);
        }
        catch (WeightFormatException)
        {
            return false;
        }

        bool knowsAll = true;
        long read = 0;
        foreach (string name in file.Names)
        {
            long elements = file.ShapeOf(name).Aggregate(1L, (product, length) => product * length);
            switch (file.TypeOf(name))
            {
                case ElementType.F32 or ElementType.BF16 or ElementType.F16:
                    Assert.Equal(elements, file.Floats(name).Length);
                    read += elements * (file.TypeOf(name) == ElementType.F32 ? 4 : 2);
                    break;
                case ElementType.I64 or ElementType.I32:
                    Assert.Equal(elements, file.Integers(name).Length);
                    read += elements * (file.TypeOf(name) == ElementType.I64 ? 8 : 4);
                    break;
                default:
                    Assert.Throws<WeightFormatException>(() => file.Floats(name));
                    knowsAll = false;
                    break;
            }
        }

        long headerLength = BitConverter.ToInt64(bytes);
        Assert.False(string.IsNullOrWhiteSpace(Encoding.UTF8.GetString(bytes, 8, (int)headerLength)));
        if (knowsAll) Assert.Equal(bytes.Length - 8 - headerLength, read);
        return true;
    }
}
