using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Options;

namespace RnnService.AspNetCore.Options;

/// <summary>Refuses options out of their bounds when the host starts, all of them together.</summary>
internal sealed class OptionRanges : IValidateOptions<RnnModelsOptions>
{
    public ValidateOptionsResult Validate(string? name, RnnModelsOptions options)
    {
        string[] faults = [.. Faults(options, "")];
        return faults.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    /// <summary>What is expected of a number, as it stands in a sentence.</summary>
    public static string Expected(RangeAttribute bounds) =>
        string.Create(CultureInfo.InvariantCulture, $"a whole number from {bounds.Minimum} to {bounds.Maximum}");

    private static IEnumerable<string> Faults(object options, string path)
    {
        foreach (PropertyInfo property in options.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            object? value = property.GetValue(options);
            if (property.PropertyType.Namespace == typeof(RnnModelsOptions).Namespace)
            {
                foreach (string fault in Faults(value!, $"{path}{property.Name}:")) yield return fault;
            }
            else if (property.GetCustomAttribute<RangeAttribute>() is { } bounds && !bounds.IsValid(value))
            {
                yield return string.Create(CultureInfo.InvariantCulture, $"{path}{property.Name} is {value}; expected {Expected(bounds)}");
            }
        }
    }
}
