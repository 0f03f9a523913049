using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using RnnService.Engine.Networks;

namespace RnnService.Training.Corpora;

/// <summary>
/// Arrays as NumPy saves them (<c>.npy</c>, versions 1 to 3): one sequence [T,F] or several of a length [N,T,F], little-endian floats or integers in the
/// order of C. The header is untrusted: nothing of it is evaluated, and sizes are checked against the file's before anything is allocated.
/// </summary>
internal static partial class NumPyFile
{
    public static IEnumerable<NumberSequence> Read(string path, byte[] content)
    {
        if (content.Length <= 10 || content[0] != 0x93 || !content.AsSpan(1, 5).SequenceEqual("NUMPY"u8))
            throw Wrong($"is no NumPy array; expected its signature at its beginning");
        int version = content[6], lengthBytes = version == 1 ? 2 : 4;
        if (version is < 1 or > 3) throw Wrong($"version is {version}; expected 1 to 3");
        if (content.Length < 8 + lengthBytes) throw Wrong($"ends within its header; expected more");
        long length = version == 1 ? BinaryPrimitives.ReadUInt16LittleEndian(content.AsSpan(8)) : BinaryPrimitives.ReadUInt32LittleEndian(content.AsSpan(8));
        long start = 8 + lengthBytes + length;
        if (start > content.Length) throw Wrong($"header has {length} bytes; expected at most {content.Length - 8 - lengthBytes}");
        string header = Encoding.Latin1.GetString(content, 8 + lengthBytes, (int)length);
        string type = Field(Descr(), "descr");
        if (Field(Order(), "fortran_order") != "False") throw Wrong($"fortran_order is True; expected False (numpy.ascontiguousarray)");
        string[] sizes = Field(Shape(), "shape").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (sizes.Length is not (2 or 3)) throw Wrong($"has {sizes.Length} dimensions; expected 2, [steps,features], or 3, [sequences,steps,features]");
        long[] shape = [.. sizes.Select(size => long.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out long value) && value <= int.MaxValue
            ? value : throw Wrong($"shape holds {size}; expected whole numbers up to {int.MaxValue}"))];
        (int size, Func<int, float> read) = ElementOf(type, content);
        decimal count = shape.Aggregate(1m, (product, one) => product * one), there = (content.Length - start) / size;
        if (count != there) throw Wrong($"holds {there} values; expected {count}, by its shape");
        (long sequences, long steps, long features) = shape.Length == 3 ? (shape[0], shape[1], shape[2]) : (1, shape[0], shape[1]);
        if (count == 0) throw Wrong($"holds no value; expected one or more");
        for (long n = 0; n < sequences; n++)
        {
            float[] values = new float[steps * features];
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = read((int)(start + (n * values.Length + i) * size));
                if (!float.IsFinite(values[i])) throw Wrong($"value {i} of sequence {n} is {values[i]}; expected a finite number");
            }

            yield return new NumberSequence(values, (int)features);
        }

        string Field(Regex pattern, string name) =>
            pattern.Match(header) is { Success: true } match ? match.Groups[1].Value : throw Wrong($"header has no {name} as expected of an array of numbers");

        InvalidDataException Wrong(FormattableString sentence) => new($"{path}: {FormattableString.Invariant(sentence)}");
    }

    private static (int Size, Func<int, float> Read) ElementOf(string type, byte[] content) => type switch
    {
        "<f4" => (4, at => BinaryPrimitives.ReadSingleLittleEndian(content.AsSpan(at))),
        "<f8" => (8, at => (float)BinaryPrimitives.ReadDoubleLittleEndian(content.AsSpan(at))),
        "<f2" => (2, at => (float)BinaryPrimitives.ReadHalfLittleEndian(content.AsSpan(at))),
        "<i2" => (2, at => BinaryPrimitives.ReadInt16LittleEndian(content.AsSpan(at))),
        "<i4" => (4, at => BinaryPrimitives.ReadInt32LittleEndian(content.AsSpan(at))),
        "<i8" => (8, at => BinaryPrimitives.ReadInt64LittleEndian(content.AsSpan(at))),
        "|i1" => (1, at => (sbyte)content[at]),
        "|u1" => (1, at => content[at]),
        _ => throw new InvalidDataException($"descr is {type}; expected little-endian numbers: <f4, <f8, <f2, <i2, <i4, <i8, |i1 or |u1"),
    };

    [GeneratedRegex("'descr':\\s*'([^']{1,20})'")]
    private static partial Regex Descr();

    [GeneratedRegex("'fortran_order':\\s*(True|False)")]
    private static partial Regex Order();

    [GeneratedRegex("'shape':\\s*\\(([0-9, ]{0,200})\\)")]
    private static partial Regex Shape();
}
