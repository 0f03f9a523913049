using System.Globalization;
using System.Reflection;
using RnnService.Server.Options;

namespace RnnService.Server.Requests;

/// <summary>
/// Bounds of a number. Validation, the OpenAPI document and the messages read them from here. An upper bound that is an option is given
/// by its name in <see cref="LimitOptions"/>.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class ValueAttribute(double least, double most) : Attribute
{
    public ValueAttribute(double least, string limit) : this(least, 0) => Limit = limit;

    public double Least { get; } = least;

    /// <summary>Whether <see cref="Least"/> itself is out of bounds.</summary>
    public bool Above { get; init; }

    /// <summary>Whether −1 stands for "not set", as other services' clients write it.</summary>
    public bool Unset { get; init; }

    /// <summary>What <see cref="Unset"/> lets pass.</summary>
    public const long NotSet = -1;

    /// <summary>The bounds of a whole number, which a double would round.</summary>
    public Int128 WholeLeast => (Int128)Least;

    private string? Limit { get; }

    public double Most(LimitOptions limits) => Limit is null ? most : LimitOf(limits, Limit);

    public Int128 WholeMost(LimitOptions limits) => Most(limits) >= ulong.MaxValue ? ulong.MaxValue : (Int128)Most(limits);

    /// <summary>The upper bound as written in messages and in the OpenAPI document.</summary>
    public string MostText(LimitOptions limits) => Text(Most(limits));

    /// <summary>A bound in plain digits; a double of 2⁶⁴ stands for the largest whole number.</summary>
    public static string Text(double bound) => bound >= ulong.MaxValue
        ? ulong.MaxValue.ToString(CultureInfo.InvariantCulture)
        : double.IsInteger(bound) ? ((Int128)bound).ToString(CultureInfo.InvariantCulture)
        : bound.ToString("0.############", CultureInfo.InvariantCulture);

    public static int LimitOf(LimitOptions limits, string name) =>
        (int)typeof(LimitOptions).GetProperty(name, BindingFlags.Public | BindingFlags.Instance)!.GetValue(limits)!;
}

/// <summary>Texts in whose place sequences of numbers may stand, for models that read numbers.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class OrNumbersAttribute : Attribute;

/// <summary>Bounds of a text in code points; for a list, of each of its texts.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class LengthAttribute(int least, int most) : Attribute
{
    public LengthAttribute(int least, string limit) : this(least, 0) => Limit = limit;

    public int Least { get; } = least;

    private string? Limit { get; }

    public int Most(LimitOptions limits) => Limit is null ? most : ValueAttribute.LimitOf(limits, Limit);
}

/// <summary>Bounds of the number of entries in a list.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class CountAttribute(int least, int most) : Attribute
{
    public CountAttribute(int least, string limit) : this(least, 0) => Limit = limit;

    public int Least { get; } = least;

    private string? Limit { get; }

    public int Most(LimitOptions limits) => Limit is null ? most : ValueAttribute.LimitOf(limits, Limit);
}

/// <summary>
/// The only values a field may have, as JSON. With <see cref="Extra"/> the field stands for something that this service does not do:
/// other services' clients send it, and here it may only be switched off.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class OneOfAttribute(params string[] json) : Attribute
{
    public IReadOnlyList<string> Json { get; } = json;

    public bool Extra { get; init; }
}
