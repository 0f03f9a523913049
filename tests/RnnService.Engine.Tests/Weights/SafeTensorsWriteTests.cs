using System.Buffers.Binary;
using System.Text;
using CsCheck;
using RnnService.Engine.Kernels;
using RnnService.Engine.Weights;
using Xunit;

namespace RnnService.Engine.Tests.Weights;

public sealed class SafeTensorsWriteTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("safetensors-").FullName;

    private string FilePath => Path.Combine(_folder, "model.safetensors");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void An_I8_matrix_comes_back_within_half_a_step_of_each_row_and_all_else_exactly()
    {
        float[] w = Draw.Normal(1, 5 * 7), bias = Draw.Normal(2, 5);
        for (int i = 0; i < w.Length; i++) w[i] *= MathF.Pow(10, i / 7 - 2);
        w.AsSpan(2 * 7, 7).Clear();
        SafeTensorsWriter.Write(FilePath, [new("w", [5, 7], w), new("none", [0, 3], default), new("b", [5], bias)], type: ElementType.I8);
        SafeTensorsFile file = SafeTensorsFile.Open(FilePath);
        Assert.Equal(["w", "w_scale", "none", "b"], file.Names);
        Assert.Equal((ElementType.I8, ElementType.F32, ElementType.F32), (file.TypeOf("w"), file.TypeOf("w_scale"), file.TypeOf("b")));
        Expect.SameBits(bias, file.Floats("b", 5));
        float[] found = file.Floats("w", 5, 7);
        for (int row = 0; row < 5; row++)
        {
            float largest = w.Skip(row * 7).Take(7).Max(MathF.Abs);
            Expect.Near(Draw.ToDouble(w.AsSpan(row * 7, 7)), found.AsSpan(row * 7, 7), largest / 253);
        }
    }

    [Fact]
    public void A_row_that_is_not_finite_is_not_stored_as_I8()
    {
        var error = Assert.Throws<ArgumentException>(() =>
            SafeTensorsWriter.Write(FilePath, [new("w", [2, 2], new[] { 1, 2, 3, float.NaN })], type: ElementType.I8));
        Assert.Equal("tensor \"w\": row 1 holds NaN; expected finite values for I8", error.Message);
        Assert.Empty(Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public void Every_bit_of_an_F32_file_comes_back()
    {
        // Names with quotes, line breaks and other planes; shapes with zeros and scalars; floats of every pattern, NaN payloads included.
        var tensor =
            from name in Gen.OneOf(Gen.String.Where(IsWellFormed), Gen.OneOf("w", "rnn.weight_hh_l0", "名.𠮷", "a\"\\\n\0/"))
            from shape in Gen.Int[0, 4].Array[0, 3]
            from bits in Gen.UInt.Array[shape.Aggregate(1, (product, length) => product * length)]
            select new TensorData(name, shape, bits.Select(BitConverter.UInt32BitsToSingle).ToArray());
        var metadata = Gen.Dictionary(Gen.String.Where(IsWellFormed), Gen.String.Where(IsWellFormed))[0, 3];
        Gen.Select(tensor.Array[0, 6], metadata).Sample(
            (tensors, said) =>
            {
                TensorData[] unique = [.. tensors.DistinctBy(each => each.Name).Where(each => each.Name != "__metadata__")];
                SafeTensorsWriter.Write(FilePath, unique, said);
                var file = SafeTensorsFile.Open(FilePath);

                Assert.Equal(unique.Select(each => each.Name).Order(StringComparer.Ordinal), file.Names.Order(StringComparer.Ordinal));
                Assert.Equal(said, file.Metadata);
                foreach (TensorData each in unique)
                {
                    Assert.Equal(each.Shape, file.ShapeOf(each.Name));
                    Assert.Equal(Bits(each.Values.Span), Bits(file.Floats(each.Name, [.. each.Shape])));
                }
            },
            iter: 200, threads: 1);
    }

    [Fact]
    public void Tensors_lie_in_the_order_given_after_a_padded_header()
    {
        for (int length = 0; length < 20; length++)
        {
            string name = new('n', length);
            SafeTensorsWriter.Write(FilePath, [new("z" + name, [2], new float[] { 1, 2 }), new("a", [], new float[] { 3 })]);
            byte[] bytes = File.ReadAllBytes(FilePath);

            int headerLength = (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes);
            Assert.Equal(0, headerLength % 8);
            Assert.Equal(
                $$"""{"z{{name}}":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"""
                + "\"a\":" + """{"dtype":"F32","shape":[],"data_offsets":[8,12]}}""",
                Encoding.UTF8.GetString(bytes, 8, headerLength).TrimEnd(' '));
            Assert.Equal([0, 0, 0x80, 0x3F, 0, 0, 0, 0x40, 0, 0, 0x40, 0x40], bytes[(8 + headerLength)..]);
        }
    }

    [Fact]
    public void Values_longer_than_the_write_buffer_come_back()
    {
        float[] values = [.. Enumerable.Range(0, 100_003).Select(i => i / 7f)];
        foreach (ElementType type in (ElementType[])[ElementType.F32, ElementType.BF16, ElementType.F16])
        {
            SafeTensorsWriter.Write(FilePath, [new("before", [1], new float[1]), new("w", [values.Length], values)], type: type);
            float[] read = SafeTensorsFile.Open(FilePath).Floats("w", values.Length);
            // Half a unit in the last place: 2^-24, 2^-8 and 2^-11 of the value.
            double error = type switch { ElementType.F32 => 0, ElementType.BF16 => 1.0 / 256, _ => 1.0 / 2048 };
            for (int i = 0; i < values.Length; i++) Assert.InRange(read[i], values[i] * (1 - error), values[i] * (1 + error) + 1e-9);
        }
    }

    [Fact]
    public void The_same_tensors_give_the_same_bytes()
    {
        TensorData[] tensors = [new("w", [3], new float[] { 1, float.NaN, -0f })];
        var metadata = new Dictionary<string, string> { ["b"] = "1", ["a"] = "2" };
        SafeTensorsWriter.Write(FilePath, tensors, metadata, ElementType.BF16);
        byte[] first = File.ReadAllBytes(FilePath);
        SafeTensorsWriter.Write(FilePath, tensors, metadata, ElementType.BF16);
        Assert.Equal(first, File.ReadAllBytes(FilePath));
    }

    [Fact]
    public void Nothing_but_the_file_is_left_in_the_folder()
    {
        SafeTensorsWriter.Write(FilePath, [new("w", [1], new float[] { 1 })]);
        SafeTensorsWriter.Write(FilePath, [new("w", [1], new float[] { 2 })]);
        Assert.Equal([FilePath], Directory.GetFileSystemEntries(_folder));
        Assert.Equal([2f], SafeTensorsFile.Open(FilePath).Floats("w", 1));
    }

    [Fact]
    public void The_old_file_stays_when_the_tensors_fail_half_way()
    {
        SafeTensorsWriter.Write(FilePath, [new("old", [1], new float[] { 1 })]);

        var error = Assert.Throws<InvalidOperationException>(() => SafeTensorsWriter.Write(FilePath, Failing()));

        Assert.Equal("half-way", error.Message);
        AssertOnlyTheOldFile();

        static IEnumerable<TensorData> Failing()
        {
            yield return new TensorData("new", [1], new float[] { 2 });
            throw new InvalidOperationException("half-way");
        }
    }

    [Fact]
    public void The_old_file_stays_and_the_temporary_one_goes_when_values_fail_while_they_are_written()
    {
        SafeTensorsWriter.Write(FilePath, [new("old", [1], new float[] { 1 })]);
        using var memory = new FailingMemory();

        // The header and the first tensor are on disk by the time the second one's values are asked for.
        var error = Assert.Throws<InvalidOperationException>(
            () => SafeTensorsWriter.Write(FilePath, [new("first", [2], new float[] { 1, 2 }), new("second", [3], memory.Values)]));

        Assert.Equal("the values are gone", error.Message);
        AssertOnlyTheOldFile();
    }

    [Fact]
    public void A_target_that_cannot_be_replaced_leaves_no_temporary_file()
    {
        string folder = Path.Combine(_folder, "folder");
        Directory.CreateDirectory(folder);
        Assert.ThrowsAny<SystemException>(() => SafeTensorsWriter.Write(folder, [new("w", [1], new float[] { 1 })]));
        Assert.Equal([folder], Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public void A_missing_folder_is_reported_as_such() =>
        Assert.Throws<DirectoryNotFoundException>(() => SafeTensorsWriter.Write(Path.Combine(_folder, "none", "w.safetensors"), []));

    [Fact]
    public void Tensors_that_could_not_be_read_again_are_refused_by_name()
    {
        Refused("tensor \"w\" occurs twice; expected unique names", new("w", [], new float[1]), new("w", [], new float[1]));
        Refused("tensor \"__metadata__\": the format reserves this name", new TensorData("__metadata__", [], new float[1]));
        Refused("tensor \"w\": the tensor holds 5 values; expected 6 for shape [2, 3]", new TensorData("w", [2, 3], new float[5]));
        Refused("tensor \"w\": the tensor holds 0 values; expected 1 for shape []", new TensorData("w", [], new float[0]));
        Refused("tensor \"w\": shape [-2, -3] has a negative size", new TensorData("w", [-2, -3], new float[6]));
        Refused(
            "tensor \"w\": the tensor holds 1 values; expected 9223372036854775807 for shape [2147483647, 2147483647, 2147483647]",
            new TensorData("w", [int.MaxValue, int.MaxValue, int.MaxValue], new float[1]));
        Assert.ThrowsAny<ArgumentException>(() => SafeTensorsWriter.Write(FilePath, [new("half \ud800", [], new float[1])]));
        foreach (ElementType type in (ElementType[])[ElementType.I64, ElementType.I32, ElementType.Other])
        {
            var error = Assert.Throws<ArgumentException>(() => SafeTensorsWriter.Write(FilePath, [], type: type));
            Assert.Equal($"type is {type}; expected F32, BF16, F16 or I8", error.Message);
        }

        Assert.Empty(Directory.GetFileSystemEntries(_folder));

        void Refused(string reason, params TensorData[] tensors) =>
            Assert.Equal(reason, Assert.Throws<ArgumentException>(() => SafeTensorsWriter.Write(FilePath, tensors)).Message);
    }

    private void AssertOnlyTheOldFile()
    {
        Assert.Equal([FilePath], Directory.GetFileSystemEntries(_folder));
        var file = SafeTensorsFile.Open(FilePath);
        Assert.Equal(["old"], file.Names);
        Assert.Equal([1f], file.Floats("old", 1));
    }

    private static bool IsWellFormed(string text) => !text.EnumerateRunes().Any(rune => rune == Rune.ReplacementChar);

    private static uint[] Bits(ReadOnlySpan<float> values)
    {
        uint[] bits = new uint[values.Length];
        for (int i = 0; i < bits.Length; i++) bits[i] = BitConverter.SingleToUInt32Bits(values[i]);
        return bits;
    }

    // Memory that knows its length and fails when it is looked at.
    private sealed class FailingMemory : System.Buffers.MemoryManager<float>
    {
        public ReadOnlyMemory<float> Values => CreateMemory(3);

        public override Span<float> GetSpan() => throw new InvalidOperationException("the values are gone");

        public override System.Buffers.MemoryHandle Pin(int elementIndex = 0) => throw new NotSupportedException();

        public override void Unpin() => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
        }
    }
}
