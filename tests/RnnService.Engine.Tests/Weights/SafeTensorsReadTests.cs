using RnnService.Engine.Kernels;
using RnnService.Engine.Weights;
using Xunit;

namespace RnnService.Engine.Tests.Weights;

public class SafeTensorsReadTests
{
    private const string One = """{"w":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}""";

    [Fact]
    public void A_well_formed_file_gives_its_tensors_in_the_order_of_their_bytes()
    {
        var file = RawFile.Read(
            """
            {"second":{"data_offsets":[4,16],"shape":[1,3],"dtype":"I32"},"__metadata__":{"format":"pt","名":"值"},
             "first":{"dtype":"F32","shape":[],"data_offsets":[0,4]},
             "none":{"dtype":"F16","shape":[2147483647,0,2147483647,2147483647],"data_offsets":[4,4]},
             "third":{"dtype":"I64","shape":[1],"data_offsets":[16,24]}}
            """,
            [0, 0, 0x80, 0xBF, 1, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0x80, 0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]);

        Assert.Equal(["first", "none", "second", "third"], file.Names);
        Assert.Equal(new Dictionary<string, string> { ["format"] = "pt", ["名"] = "值" }, file.Metadata);
        Assert.True(file.Contains("first"));
        Assert.False(file.Contains("__metadata__"));
        Assert.Equal([-1f], file.Floats("first", []));
        Assert.Empty(file.ShapeOf("first"));
        Assert.Equal([1, -1, int.MinValue], file.Integers("second"));
        Assert.Equal([-2], file.Integers("third"));
        Assert.Empty(file.Floats("none", 2147483647, 0, 2147483647, 2147483647));
        Assert.Equal(
            [ElementType.F32, ElementType.F16, ElementType.I32, ElementType.I64], file.Names.Select(file.TypeOf));
    }

    [Fact]
    public void A_file_without_tensors_is_well_formed()
    {
        var file = RawFile.Read("{}   ");
        Assert.Empty(file.Names);
        Assert.Empty(file.Metadata);
        var error = Assert.Throws<WeightFormatException>(() => file.Floats("w"));
        Assert.Equal($"{RawFile.Name}: no tensor \"w\" among 0", error.Message);
    }

    [Fact]
    public void A_large_header_within_the_cap_is_read()
    {
        const int count = 20_000;
        var entries = Enumerable.Range(0, count).Select(i => $$"""
            "w{{i}}":{"dtype":"U8","shape":[1],"data_offsets":[{{i}},{{i + 1}}]}
            """);
        var file = RawFile.Read($$"""{{{string.Join(',', entries)}}}""", new byte[count]);
        Assert.Equal(count, file.Names.Count);
    }

    [Theory]
    [InlineData("F4", 4)]
    [InlineData("F6_E2M3", 6)]
    [InlineData("F6_E3M2", 6)]
    [InlineData("F8_E4M3", 8)]
    [InlineData("F8_E4M3FNUZ", 8)]
    [InlineData("F8_E5M2", 8)]
    [InlineData("F8_E5M2FNUZ", 8)]
    [InlineData("F8_E8M0", 8)]
    [InlineData("BOOL", 8)]
    [InlineData("U8", 8)]
    [InlineData("I16", 16)]
    [InlineData("U16", 16)]
    [InlineData("U32", 32)]
    [InlineData("U64", 64)]
    [InlineData("F64", 64)]
    [InlineData("C64", 64)]
    public void A_type_that_is_not_read_is_known_by_its_size_and_refused_by_name(string type, int bits)
    {
        var file = RawFile.Read($$$"""{"w":{"dtype":"{{{type}}}","shape":[8],"data_offsets":[0,{{{bits}}}]}}""", new byte[bits]);

        Assert.Equal(ElementType.Other, file.TypeOf("w"));
        Assert.Equal([8], file.ShapeOf("w"));
        var error = Assert.Throws<WeightFormatException>(() => file.Floats("w", 8));
        Assert.Equal($"{RawFile.Name}: tensor \"w\": dtype is {type}; expected F32, BF16 or F16", error.Message);
        error = Assert.Throws<WeightFormatException>(() => file.Integers("w"));
        Assert.Equal($"{RawFile.Name}: tensor \"w\": dtype is {type}; expected I64 or I32", error.Message);
    }

    [Theory]
    [InlineData("", "no tensor \"w_scale\" among 1; nearest: \"w\"")]
    [InlineData(""","w_scale":{"dtype":"F32","shape":[1],"data_offsets":[6,10]}""", "tensor \"w_scale\": shape is [1]; expected [2]")]
    [InlineData(""","w_scale":{"dtype":"I16","shape":[2],"data_offsets":[6,10]}""", "tensor \"w_scale\": dtype is I16; expected F32, BF16 or F16")]
    public void An_I8_matrix_without_a_scale_for_every_row_is_refused(string scale, string wanted)
    {
        string header = $$$"""{"w":{"dtype":"I8","shape":[2,3],"data_offsets":[0,6]}{{{scale}}}}""";
        SafeTensorsFile file = RawFile.Read(header, new byte[scale.Length == 0 ? 6 : 10]);
        var error = Assert.Throws<WeightFormatException>(() => file.Floats("w", 2, 3));
        Assert.Equal($"{RawFile.Name}: {wanted}", error.Message);
    }

    [Fact]
    public void An_I8_matrix_is_each_row_times_its_scale()
    {
        byte[] data = [1, 0xFF, 127, 0x81, 0x80, 0, .. BitConverter.GetBytes(0.5f), .. BitConverter.GetBytes(-2f)];
        SafeTensorsFile file = RawFile.Read(
            """{"w":{"dtype":"I8","shape":[2,3],"data_offsets":[0,6]},"w_scale":{"dtype":"F32","shape":[2],"data_offsets":[6,14]}}""", data);
        Assert.Equal([0.5f, -0.5f, 63.5f, 254, 256, 0], file.Floats("w", 2, 3));
    }

    [Fact]
    public void Floats_are_not_read_as_integers_nor_integers_as_floats()
    {
        var file = RawFile.Read(
            """{"f":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"i":{"dtype":"I32","shape":[],"data_offsets":[4,8]}}""", new byte[8]);
        var error = Assert.Throws<WeightFormatException>(() => file.Integers("f"));
        Assert.Equal($"{RawFile.Name}: tensor \"f\": dtype is F32; expected I64 or I32", error.Message);
        error = Assert.Throws<WeightFormatException>(() => file.Floats("i"));
        Assert.Equal($"{RawFile.Name}: tensor \"i\": dtype is I32; expected F32, BF16 or F16", error.Message);
    }

    [Fact]
    public void Another_shape_is_refused_with_the_shape_found_and_the_shape_expected()
    {
        var file = RawFile.Read(One, new byte[24]);
        Assert.Equal(6, file.Floats("w", 2, 3).Length);

        foreach (int[] wanted in (int[][])[[3, 2], [6], [2], [2, 3, 1], [], [2, -3]])
        {
            var error = Assert.Throws<WeightFormatException>(() => file.Floats("w", (ReadOnlySpan<int>)wanted));
            Assert.Equal($"{RawFile.Name}: tensor \"w\": shape is [2, 3]; expected [{string.Join(", ", wanted)}]", error.Message);
        }
    }

    [Fact]
    public void A_missing_name_lists_the_nearest_three()
    {
        string[] names = ["embedding.weight", "rnn.weight_ih_l0", "rnn.weight_hh_l0", "rnn.bias_ih_l0", "linear.weight"];
        string header = string.Join(',', names.Select(name => $$"""
            "{{name}}":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}
            """));
        var file = RawFile.Read($$"""{{{header}}}""");

        var error = Assert.Throws<WeightFormatException>(() => file.Floats("rnn.weight_ih_l1", 4, 4));

        Assert.Equal(
            $"{RawFile.Name}: no tensor \"rnn.weight_ih_l1\" among 5; nearest: \"rnn.weight_ih_l0\", \"rnn.weight_hh_l0\", "
            + "\"rnn.bias_ih_l0\"",
            error.Message);
        Assert.Equal(error.Message, Assert.Throws<WeightFormatException>(() => file.ShapeOf("rnn.weight_ih_l1")).Message);
    }

    [Fact]
    public void What_a_caller_gets_can_be_changed_without_changing_the_file()
    {
        var file = RawFile.Read(One, new byte[24]);
        file.Floats("w")[0] = 1;
        Assert.Equal(0, file.Floats("w")[0]);
        Assert.Throws<NotSupportedException>(() => ((IList<int>)file.ShapeOf("w"))[0] = 7);
    }

    [Fact]
    public void A_file_that_shrinks_while_it_is_read_is_refused()
    {
        byte[] bytes = RawFile.Bytes(One, new byte[24]);
        using var stream = new ShortStream(bytes, bytes.Length - 5);
        var error = Assert.Throws<WeightFormatException>(() => SafeTensorsFile.Read(stream, RawFile.Name));
        Assert.Equal($"{RawFile.Name}: truncated while it was read; expected 24 bytes", error.Message);
    }

    [Fact]
    public void A_missing_file_is_no_format_error()
    {
        string path = Path.Combine(AppContext.BaseDirectory, "no-such-file.safetensors");
        Assert.Throws<FileNotFoundException>(() => SafeTensorsFile.Open(path));
    }

    // Says its full length and ends earlier, as a file does that somebody cuts after it was opened.
    private sealed class ShortStream(byte[] bytes, int end) : MemoryStream(bytes)
    {
        public override int Read(Span<byte> buffer) => base.Read(buffer[..(int)Math.Min(buffer.Length, end - Position)]);
    }
}
