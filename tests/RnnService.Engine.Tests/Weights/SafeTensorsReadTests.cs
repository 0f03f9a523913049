using RnnService.Engine.Kernels;
using RnnService.Engine.Weights;
using Xunit;

namespace RnnService.Engine.Tests.Weights;

public class SafeTensorsReadTests
{
    private const string One = """{"w":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}""";

    /// <summary>Header, bytes of data, and how the refusal ends or begins after the file's name.</summary>
    public static TheoryData<string, int, string> Malformed => new()
    {
        { "", 0, "the header does not start with {; expected a JSON object" },
        { "[]", 0, "the header does not start with {; expected a JSON object" },
        { " {}", 0, "the header does not start with {; expected a JSON object" },
        { "\uFEFF{}", 0, "the header does not start with {; expected a JSON object" },
        { "{", 0, "the header is not JSON: " },
        { "{}x", 0, "the header is not JSON: " },
        { "{}{}", 0, "the header is not JSON: " },
        { "{}\0", 0, "the header is not JSON: " },
        { """{"w":1,}""", 0, "tensor \"w\" is the number 1; expected an object with dtype, shape and data_offsets" },
        { """{"w":{},}""", 0, "tensor \"w\": field dtype is missing" },
        { """{"__metadata__":{},}""", 0, "the header is not JSON: " },
        { """{/**/}""", 0, "the header is not JSON: " },
        { """{"\ud800":{}}""", 0, "the header holds an escape that is half of a surrogate pair" },

        { """{"w":[]}""", 0, "tensor \"w\" is a list; expected an object with dtype, shape and data_offsets" },
        { """{"w":null}""", 0, "tensor \"w\" is null; expected an object with dtype, shape and data_offsets" },
        { """{"w":{"shape":[],"data_offsets":[0,4]}}""", 4, "tensor \"w\": field dtype is missing" },
        { """{"w":{"dtype":"F32","data_offsets":[0,4]}}""", 4, "tensor \"w\": field shape is missing" },
        { """{"w":{"dtype":"F32","shape":[]}}""", 4, "tensor \"w\": field data_offsets is missing" },
        {
            """{"w":{"dtype":"F32","shape":[],"data_offsets":[0,4],"stride":[]}}""", 4,
            "tensor \"w\": unknown field \"stride\"; expected dtype, shape and data_offsets"
        },
        { """{"w":{"dtype":"F32","dtype":"F32","shape":[],"data_offsets":[0,4]}}""", 4, "tensor \"w\": field dtype occurs twice" },
        { """{"w":{"dtype":"F32","shape":[],"shape":[],"data_offsets":[0,4]}}""", 4, "tensor \"w\": field shape occurs twice" },
        {
            """{"w":{"dtype":"F32","shape":[],"data_offsets":[0,4],"data_offsets":[0,4]}}""", 4,
            "tensor \"w\": field data_offsets occurs twice"
        },
        {
            """{"w":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"\u0077":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}""", 4,
            "\"w\" occurs twice in the header"
        },

        { """{"w":{"dtype":32,"shape":[],"data_offsets":[0,4]}}""", 4, "tensor \"w\": dtype is the number 32; expected a string" },
        { """{"w":{"dtype":"F31","shape":[],"data_offsets":[0,4]}}""", 4, Type("F31") },
        { """{"w":{"dtype":"f32","shape":[],"data_offsets":[0,4]}}""", 4, Type("f32") },

        { """{"w":{"dtype":"F32","shape":6,"data_offsets":[0,24]}}""", 24, "tensor \"w\": shape is the number 6; expected a list" },
        { """{"w":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", 4, Shape("the number -1") },
        { """{"w":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}""", 4, Shape("the number 1.0") },
        { """{"w":{"dtype":"F32","shape":[1e0],"data_offsets":[0,4]}}""", 4, Shape("the number 1e0") },
        { """{"w":{"dtype":"F32","shape":["1"],"data_offsets":[0,4]}}""", 4, Shape("a string") },
        { """{"w":{"dtype":"F32","shape":[[1]],"data_offsets":[0,4]}}""", 4, Shape("a list") },
        { """{"w":{"dtype":"F32","shape":[{}],"data_offsets":[0,4]}}""", 4, Shape("an object") },
        { """{"w":{"dtype":"F32","shape":[2147483648],"data_offsets":[0,4]}}""", 4, Shape("the number 2147483648") },
        { """{"w":{"dtype":"F32","shape":[4294967297],"data_offsets":[0,4]}}""", 4, Shape("the number 4294967297") },
        {
            // 2^64 elements: a product that wraps around would be 0 and fit.
            """{"w":{"dtype":"F32","shape":[1073741824,1073741824,16],"data_offsets":[0,0]}}""", 0,
            "tensor \"w\": F32 [1073741824, 1073741824, 16] is larger than any file"
        },
        {
            // 2^59 elements of 32 bits: the elements alone would still fit.
            """{"w":{"dtype":"F32","shape":[1073741824,536870912],"data_offsets":[0,0]}}""", 0,
            "tensor \"w\": F32 [1073741824, 536870912] is larger than any file"
        },
        {
            """{"w":{"dtype":"F4","shape":[3],"data_offsets":[0,2]}}""", 2,
            "tensor \"w\": F4 [3] takes 12 bits, not a whole number of bytes"
        },

        { """{"w":{"dtype":"F32","shape":[],"data_offsets":4}}""", 4, "tensor \"w\": data_offsets is the number 4; expected a list" },
        { """{"w":{"dtype":"F32","shape":[],"data_offsets":[]}}""", 4, Offsets("the list's end") },
        { """{"w":{"dtype":"F32","shape":[],"data_offsets":[0]}}""", 4, Offsets("the list's end") },
        { """{"w":{"dtype":"F32","shape":[],"data_offsets":[0,4,4]}}""", 4, "tensor \"w\": data_offsets holds more than two numbers; expected two" },
        { """{"w":{"dtype":"F32","shape":[],"data_offsets":[-4,0]}}""", 4, Offsets("the number -4") },
        { """{"w":{"dtype":"F32","shape":[],"data_offsets":[0,4.0]}}""", 4, Offsets("the number 4.0") },
        { """{"w":{"dtype":"F32","shape":[],"data_offsets":[0,true]}}""", 4, Offsets("true") },
        { """{"w":{"dtype":"F32","shape":[],"data_offsets":[0,9223372036854775808]}}""", 4, Offsets("the number 9223372036854775808") },
        { """{"w":{"dtype":"F32","shape":[],"data_offsets":[4,0]}}""", 4, "tensor \"w\": data_offsets [4, 0] are out of order" },
        {
            """{"w":{"dtype":"F32","shape":[2,3],"data_offsets":[0,20]}}""", 20,
            "tensor \"w\": data_offsets [0, 20] hold 20 bytes; expected 24 for F32 [2, 3]"
        },
        {
            """{"w":{"dtype":"BF16","shape":[0,3],"data_offsets":[0,2]}}""", 2,
            "tensor \"w\": data_offsets [0, 2] hold 2 bytes; expected 0 for BF16 [0, 3]"
        },

        { One, 23, "truncated: 23 bytes follow the header; expected 24, those of the tensors" },
        { One, 0, "truncated: 0 bytes follow the header; expected 24, those of the tensors" },
        { One, 25, "too long: 25 bytes follow the header; expected 24, those of the tensors" },
        { "{}", 1, "too long: 1 bytes follow the header; expected 0, those of the tensors" },
        {
            """{"w":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}""", 3,
            "hole: data bytes 0 to 1, before tensor \"w\", belong to no tensor"
        },
        {
            """{"b":{"dtype":"U8","shape":[2],"data_offsets":[3,5]},"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}""", 5,
            "hole: data bytes 2 to 3, before tensor \"b\", belong to no tensor"
        },
        {
            """{"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]},"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}""", 3,
            "overlap: tensor \"b\" starts at data byte 1, inside a tensor that ends at 2"
        },
        {
            """{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}""", 2,
            "overlap: tensor \"b\" starts at data byte 0, inside a tensor that ends at 2"
        },
        {
            """{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[0],"data_offsets":[1,1]}}""", 2,
            "overlap: tensor \"b\" starts at data byte 1, inside a tensor that ends at 2"
        },
        {
            """{"w":{"dtype":"U8","shape":[0],"data_offsets":[9223372036854775807,9223372036854775807]}}""", 0,
            "hole: data bytes 0 to 9223372036854775807, before tensor \"w\", belong to no tensor"
        },

        { """{"__metadata__":[]}""", 0, "__metadata__ is a list; expected an object of strings" },
        { """{"__metadata__":null}""", 0, "__metadata__ is null; expected an object of strings" },
        { """{"__metadata__":{"epoch":3}}""", 0, "__metadata__ entry \"epoch\" is the number 3; expected a string" },
        { """{"__metadata__":{"epoch":{}}}""", 0, "__metadata__ entry \"epoch\" is an object; expected a string" },
        { """{"__metadata__":{"a":"1","a":"2"}}""", 0, "__metadata__ entry \"a\" occurs twice" },
        { """{"__metadata__":{},"__metadata__":{}}""", 0, "\"__metadata__\" occurs twice in the header" },
    };

    [Theory]
    [MemberData(nameof(Malformed))]
    public void A_malformed_header_is_refused_with_its_own_reason(string header, int dataLength, string reason)
    {
        var error = Assert.Throws<WeightFormatException>(() => RawFile.Read(header, new byte[dataLength]));

        Assert.StartsWith($"{RawFile.Name}: {reason}", error.Message);
        // A reason that ends in a colon goes on in the words of the JSON reader; every other one is given in full.
        if (!reason.EndsWith(": ")) Assert.Equal($"{RawFile.Name}: {reason}", error.Message);
        Assert.Equal(RawFile.Name, error.File);
    }

    [Fact]
    public void A_file_shorter_than_its_length_prefix_is_refused()
    {
        for (int length = 0; length < 8; length++)
        {
            var error = Assert.Throws<WeightFormatException>(() => RawFile.Read(new byte[length]));
            Assert.Equal($"{RawFile.Name}: truncated: the file holds {length} bytes; expected 8 or more, the length of the header", error.Message);
        }
    }

    [Theory]
    [InlineData(3ul, "truncated: 2 bytes follow the length of the header; expected 3 or more")]
    [InlineData(100_000_000ul, "truncated: 2 bytes follow the length of the header; expected 100000000 or more")]
    [InlineData(100_000_001ul, "the header is 100000001 bytes long; expected at most 100000000")]
    [InlineData(ulong.MaxValue, "the header is 18446744073709551615 bytes long; expected at most 100000000")]
    public void A_header_length_the_file_cannot_hold_is_refused_before_anything_is_allocated(ulong announced, string reason)
    {
        byte[] bytes = RawFile.Bytes("{}"u8.ToArray(), [], announced);
        long before = GC.GetAllocatedBytesForCurrentThread();

        var error = Assert.Throws<WeightFormatException>(() => RawFile.Read(bytes));

        Assert.Equal($"{RawFile.Name}: {reason}", error.Message);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000_000);
    }

    [Fact]
    public void A_tensor_larger_than_the_file_is_refused_before_anything_is_allocated()
    {
        byte[] bytes = RawFile.Bytes("""{"w":{"dtype":"F32","shape":[500000000],"data_offsets":[0,2000000000]}}""");
        long before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Throws<WeightFormatException>(() => RawFile.Read(bytes));

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000_000);
    }

    [Fact]
    public void Bytes_that_are_not_UTF8_are_refused()
    {
        byte[] header = [.. "{\""u8, 0xC3, 0x28, .. "\":1}"u8];
        var error = Assert.Throws<WeightFormatException>(() => RawFile.Read(RawFile.Bytes(header, [])));
        Assert.Equal($"{RawFile.Name}: the header is not UTF-8", error.Message);
    }

    [Fact]
    public void Deep_nesting_is_refused_without_following_it()
    {
        string header = """{"w":""" + new string('[', 1_000_000);
        var error = Assert.Throws<WeightFormatException>(() => RawFile.Read(header));
        Assert.Contains("is a list; expected an object with dtype, shape and data_offsets", error.Message);
    }

    [Fact]
    public void A_hostile_name_is_shortened_and_kept_on_one_line_in_the_message()
    {
        var error = Assert.Throws<WeightFormatException>(() => RawFile.Read($$"""{"a\nb{{new string('x', 10_000)}}":1}"""));
        Assert.StartsWith($"{RawFile.Name}: tensor \"a?bxxx", error.Message);
        Assert.InRange(error.Message.Length, 1, 250);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void A_hostile_shape_is_shortened_in_the_message()
    {
        string ones = string.Join(',', Enumerable.Repeat(1, 100_000));
        var error = Assert.Throws<WeightFormatException>(
            () => RawFile.Read($$$"""{"w":{"dtype":"U8","shape":[{{{ones}}}],"data_offsets":[0,2]}}""", 0, 0));
        Assert.Equal(
            $"{RawFile.Name}: tensor \"w\": data_offsets [0, 2] hold 2 bytes; expected 1 for U8 [1, 1, 1, 1, 1, 1, 1, 1, … 100000 dimensions]",
            error.Message);
    }

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

    private static string Type(string found) =>
        $"tensor \"w\": dtype is \"{found}\"; expected one of BF16, BOOL, C64, F16, F32, F4, F64, F6_E2M3, F6_E3M2, F8_E4M3, "
        + "F8_E4M3FNUZ, F8_E5M2, F8_E5M2FNUZ, F8_E8M0, I16, I32, I64, I8, U16, U32, U64, U8";

    private static string Shape(string found) => $"tensor \"w\": shape holds {found}; expected whole numbers from 0 to 2147483647";

    private static string Offsets(string found) => $"tensor \"w\": data_offsets holds {found}; expected two whole numbers from 0";

    // Says its full length and ends earlier, as a file does that somebody cuts after it was opened.
    private sealed class ShortStream(byte[] bytes, int end) : MemoryStream(bytes)
    {
        public override int Read(Span<byte> buffer) => base.Read(buffer[..(int)Math.Min(buffer.Length, end - Position)]);
    }
}
