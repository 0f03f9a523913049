using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using RnnService.AspNetCore.Options;
using RnnService.Engine.Text;

namespace RnnService.Server.Options;

/// <summary>The configuration cannot be used: one sentence a fault, each naming the option, the value found and the value expected.</summary>
internal sealed class OptionsException(IReadOnlyList<string> faults) : Exception(string.Join(Environment.NewLine, faults))
{
    public IReadOnlyList<string> Faults { get; } = faults;
}

/// <summary>One option: where it is written, what it holds when nobody sets it and what it may hold.</summary>
/// <param name="Path">Configuration path, with colons.</param>
/// <param name="Property">The property that holds it.</param>
/// <param name="Default">The value when not set.</param>
/// <param name="Bounds">The least and largest value, for numbers.</param>
/// <param name="Allowed">The only values, for text that is not free.</param>
internal sealed record OptionField(string Path, PropertyInfo Property, object? Default, RangeAttribute? Bounds, AllowedValuesAttribute? Allowed)
{
    public string EnvironmentVariable => Path.Replace(":", "__", StringComparison.Ordinal);

    public string Expected => Allowed is not null ? string.Join(" or ", Allowed.Values.Where(value => value is not "")) : Property.PropertyType == typeof(bool) ? "true or false"
        : Bounds is null ? "text"
        : OptionRanges.Expected(Bounds);
}

/// <summary>
/// Reads <see cref="ServiceOptions"/> more strictly than the framework's binder, which passes over names it does not know and stops at
/// the first fault.
/// </summary>
internal static class OptionsReader
{
    /// <summary>All options in the order in which they are declared.</summary>
    public static IReadOnlyList<OptionField> Fields { get; } = [.. FieldsOf(typeof(ServiceOptions), ServiceOptions.Section)];

    /// <exception cref="OptionsException">A value is of the wrong type or out of bounds, or a name is not known.</exception>
    public static ServiceOptions Read(IConfiguration configuration)
    {
        var faults = new List<string>();
        object options = Read(typeof(ServiceOptions), configuration.GetSection(ServiceOptions.Section), faults);
        return faults.Count == 0 ? (ServiceOptions)options : throw new OptionsException(faults);
    }

    private static object Read(Type type, IConfigurationSection section, List<string> faults)
    {
        object options = Activator.CreateInstance(type)!;
        foreach (IConfigurationSection child in section.GetChildren())
        {
            PropertyInfo? property = type.GetProperty(child.Key, BindingFlags.Public | BindingFlags.Instance | BindingFlags.IgnoreCase);
            if (property is null)
            {
                string? near = NearestName.Of(child.Key, Fields.Select(field => field.Path), path => path[(path.LastIndexOf(':') + 1)..]);
                faults.Add($"{child.Path} is not an option{(near is null ? "" : $"; did you mean {near}?")}");
            }
            else if (IsGroup(property.PropertyType))
            {
                property.SetValue(options, Read(property.PropertyType, child, faults));
            }
            else if (Parse(child, property, faults) is { } value)
            {
                property.SetValue(options, value);
            }
        }

        return options;
    }

    private static object? Parse(IConfigurationSection section, PropertyInfo property, List<string> faults)
    {
        OptionField field = Fields.Single(field => field.Property == property);
        if (property.PropertyType == typeof(string) && (field.Allowed?.IsValid(section.Value ?? "") ?? true)) return section.Value ?? "";
        if (property.PropertyType == typeof(bool))
        {
            if (bool.TryParse(section.Value, out bool value)) return value;
        }
        else if (int.TryParse(section.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number)
            && field.Bounds?.IsValid(number) == true)
        {
            return number;
        }

        faults.Add($"{field.Path} is \"{section.Value}\"; expected {field.Expected}");
        return null;
    }

    private static IEnumerable<OptionField> FieldsOf(Type type, string path)
    {
        object defaults = Activator.CreateInstance(type)!;
        foreach (PropertyInfo property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            string name = $"{path}:{property.Name}";
            if (!IsGroup(property.PropertyType))
            {
                yield return new OptionField(name, property, property.GetValue(defaults), property.GetCustomAttribute<RangeAttribute>(),
                    property.GetCustomAttribute<AllowedValuesAttribute>());
                continue;
            }

            foreach (OptionField field in FieldsOf(property.PropertyType, name)) yield return field;
        }
    }

    private static bool IsGroup(Type type) => type.Namespace == typeof(ServiceOptions).Namespace || type.Namespace == typeof(RnnModelsOptions).Namespace;
}
