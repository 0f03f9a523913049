using System.Numerics;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace RnnService.Training.Log;

/// <summary>JSON has no NaN and no infinity: what is not finite is written as null, and null is read as NaN.</summary>
internal sealed class FiniteOrNull<T> : JsonConverter<T>
    where T : struct, IBinaryFloatingPointIeee754<T>
{
    public override bool HandleNull => true;

    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.Null ? T.NaN : T.CreateSaturating(reader.GetDouble());

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options)
    {
        if (!T.IsFinite(value)) writer.WriteNullValue();
        else if (value is float single) writer.WriteNumberValue(single);
        else writer.WriteNumberValue(double.CreateSaturating(value));
    }
}
