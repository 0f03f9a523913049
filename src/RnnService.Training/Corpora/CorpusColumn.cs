using System.Globalization;
using System.Text.Json.Serialization;

namespace RnnService.Training.Corpora;

/// <summary>A column of a corpus: by number, from 0 or negative from the end (−1 is the last), or by the name a header or a field has.</summary>
[JsonConverter(typeof(CorpusColumnConverter))]
public readonly record struct CorpusColumn
{
    private CorpusColumn(int? number, string? name) => (Number, Name) = (number, name);

    /// <summary>The number; null where a name is given.</summary>
    public int? Number { get; }

    /// <summary>The name; null where a number is given.</summary>
    public string? Name { get; }

    /// <summary>A column by number.</summary>
    public static implicit operator CorpusColumn(int number) => new(number, null);

    /// <summary>A column by name.</summary>
    public static implicit operator CorpusColumn(string name) => new(null, name);

    /// <summary>A whole number is a number, anything else a name.</summary>
    public static CorpusColumn Parse(string text) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number) ? number : text;

    /// <summary>As <see cref="Parse"/> reads it.</summary>
    public override string ToString() => Name ?? (Number ?? 0).ToString(CultureInfo.InvariantCulture);
}
