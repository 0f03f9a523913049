using RnnService.Engine.Weights;
using Xunit;

namespace RnnService.Engine.Tests.Weights;

/// <summary>Headers that break the format are refused before anything is allocated, each with its own reason.</summary>
public class SafeTensorsHeaderTests
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

    private static string Type(string found) =>
        $"tensor \"w\": dtype is \"{found}\"; expected one of BF16, BOOL, C64, F16, F32, F4, F64, F6_E2M3, F6_E3M2, F8_E4M3, "
        + "F8_E4M3FNUZ, F8_E5M2, F8_E5M2FNUZ, F8_E8M0, I16, I32, I64, I8, U16, U32, U64, U8";

    private static string Shape(string found) => $"tensor \"w\": shape holds {found}; expected whole numbers from 0 to 2147483647";

    private static string Offsets(string found) => $"tensor \"w\": data_offsets holds {found}; expected two whole numbers from 0";
}
