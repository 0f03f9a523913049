using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;
using RnnService.Training.Recipes;

namespace RnnService.Cli.Arguments;

/// <summary>An option that takes a number, written as JSON has it whatever the locale; null when not given.</summary>
internal sealed class NumberOption<T> : Option<T?>
    where T : struct, INumber<T>
{
    private static readonly bool IsWhole = typeof(T) != typeof(float) && typeof(T) != typeof(double);

    public NumberOption(string name, params string[] aliases)
        : base(name, aliases)
    {
        HelpName = "N";
        CustomParser = Parse;
    }

    /// <summary>The numbers that it may be; null for any.</summary>
    public Bounds? Bounds { get; init; }

    private T? Parse(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        bool isNumber = T.TryParse(text, IsWhole ? NumberStyles.AllowLeadingSign : NumberStyles.Float, CultureInfo.InvariantCulture, out T number);
        if (isNumber && Bounds?.Contain(double.CreateChecked(number)) != false) return number;
        result.AddError($"{Name} is {text}; expected {(isNumber ? $"{Bounds}" : IsWhole ? "a whole number" : "a number")}.");
        return null;
    }
}
