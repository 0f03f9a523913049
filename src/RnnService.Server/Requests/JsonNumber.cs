using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace RnnService.Server.Requests;

/// <summary>
/// Numbers however JSON writes them. Whole ones are those of JSON Schema: <c>20</c>, <c>20.0</c> and <c>2e1</c> are the same. Digits are
/// counted before they are multiplied out, so that no exponent costs time or memory and no digit of a seed is lost in a double.
/// </summary>
internal static class JsonNumber
{
    /// <summary>Digits of the largest number that any field takes.</summary>
    private const int MostDigits = 20;

    /// <summary>What stands for a whole number that is larger or smaller than any field takes.</summary>
    public static readonly Int128 TooLarge = Int128.MaxValue, TooSmall = Int128.MinValue;

    /// <param name="json">A JSON number.</param>
    /// <param name="value">The number; <see cref="TooLarge"/> or <see cref="TooSmall"/> where it has more digits than any field takes.</param>
    /// <returns>Whether it is whole.</returns>
    public static bool TryParseWhole(ReadOnlySpan<char> json, out Int128 value)
    {
        bool negative = json[0] == '-';
        ReadOnlySpan<char> mantissa = negative ? json[1..] : json;
        long exponent = 0;
        if (mantissa.IndexOfAny('e', 'E') is >= 0 and var e)
        {
            exponent = ExponentOf(mantissa[(e + 1)..]);
            mantissa = mantissa[..e];
        }

        int point = mantissa.IndexOf('.');
        ReadOnlySpan<char> whole = point < 0 ? mantissa : mantissa[..point], fraction = point < 0 ? [] : mantissa[(point + 1)..];
        fraction = fraction.TrimEnd('0');
        string digits = fraction.Length == 0 ? whole.ToString() : string.Concat(whole, fraction);
        string significant = digits.TrimStart('0').TrimEnd('0');
        // The number is the significant digits followed by this many zeros.
        exponent += digits.Length - digits.TrimEnd('0').Length - fraction.Length;
        value = 0;
        if (significant.Length == 0) return true;
        if (exponent < 0) return false;
        if (significant.Length + exponent > MostDigits)
        {
            value = negative ? TooSmall : TooLarge;
            return true;
        }

        value = Int128.Parse(significant, NumberStyles.None, CultureInfo.InvariantCulture);
        for (; exponent > 0; exponent--) value *= 10;
        if (negative) value = -value;
        return true;
    }

    /// <summary>The nearest double; one that is too large for any is infinite.</summary>
    public static double Real(ReadOnlySpan<char> json) => double.Parse(json, NumberStyles.Float, CultureInfo.InvariantCulture);

    /// <summary>The exponent, or one beyond every number of digits that a body can hold.</summary>
    private static long ExponentOf(ReadOnlySpan<char> json)
    {
        const long beyond = 1L << 40;
        bool negative = json[0] == '-';
        ReadOnlySpan<char> digits = json.TrimStart("+-").TrimStart('0');
        if (digits.Length == 0) return 0;
        long value = digits.Length > 10 ? beyond : long.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture);
        return negative ? -value : value;
    }

    /// <summary>Reads a field whose form and bounds <see cref="RequestReader"/> has checked.</summary>
    private static Int128 Read(ref Utf8JsonReader reader)
    {
        using JsonDocument number = JsonDocument.ParseValue(ref reader);
        TryParseWhole(number.RootElement.GetRawText(), out Int128 value);
        return value;
    }

    /// <summary>Reads 20.0 and 2e1 too.</summary>
    internal sealed class Signed : JsonConverter<long>
    {
        public override long Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            (long)JsonNumber.Read(ref reader);

        public override void Write(Utf8JsonWriter writer, long value, JsonSerializerOptions options) => writer.WriteNumberValue(value);
    }

    /// <summary>The same without a sign; −1, where the bounds let it pass, is not set.</summary>
    internal sealed class Unsigned : JsonConverter<ulong?>
    {
        public override ulong? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType != JsonTokenType.Null && JsonNumber.Read(ref reader) is var value && value >= 0 ? (ulong)value : null;

        public override void Write(Utf8JsonWriter writer, ulong? value, JsonSerializerOptions options)
        {
            if (value is { } number) writer.WriteNumberValue(number);
            else writer.WriteNullValue();
        }
    }

    /// <summary>Reads numbers too whose exponent the framework's own reader refuses.</summary>
    internal sealed class Floating : JsonConverter<double>
    {
        public override double Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            using JsonDocument number = JsonDocument.ParseValue(ref reader);
            return Real(number.RootElement.GetRawText());
        }

        public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options) => writer.WriteNumberValue(value);
    }
}
