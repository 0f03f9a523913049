using System.Reflection;
using System.Text.Json.Serialization;
using RnnService.Engine.Text;
using RnnService.Training.Corpora;

namespace RnnService.Training.Recipes;

/// <summary>What a recipe's types look like as JSON: which names an object has and which values they take.</summary>
internal static class RecipeShape
{
    private static readonly NullabilityInfoContext Nullability = new();

    /// <summary>The properties of an object by their names in a recipe, in the order of their declaration.</summary>
    public static IEnumerable<(string Name, PropertyInfo Property)> Members(Type type) =>
        from property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
        where property.GetCustomAttribute<JsonIgnoreAttribute>() is null or { Condition: not JsonIgnoreCondition.Always }
        select (NameOf(property.Name), property);

    /// <summary>A name as a recipe has it.</summary>
    public static string NameOf(string name) => SnakeCase.Of(name);

    /// <summary>A value of a choice as a recipe has it.</summary>
    public static string NameOf(Enum value) => NameOf(value.ToString());

    /// <summary>Whether values of the type are objects with settings of their own.</summary>
    public static bool IsObject(Type type) =>
        type.IsClass && type.Namespace!.StartsWith(nameof(RnnService), StringComparison.Ordinal);

    /// <summary>The type of a list's elements; null for everything else.</summary>
    public static Type? ElementOf(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>) ? type.GetGenericArguments()[0] : null;

    /// <summary>The types of a dictionary's keys and values; null for everything else.</summary>
    public static (Type Key, Type Value)? PairOf(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyDictionary<,>)
            ? (type.GetGenericArguments()[0], type.GetGenericArguments()[1])
            : null;

    /// <summary>Whether a property may be null, that is: left open.</summary>
    public static bool MayBeNull(PropertyInfo property)
    {
        // The context keeps a cache that is not safe for several threads.
        lock (Nullability) return Nullability.Create(property).WriteState == NullabilityState.Nullable;
    }

    /// <summary>Whether a recipe must name the property.</summary>
    public static bool IsRequired(PropertyInfo property) =>
        property.CustomAttributes.Any(attribute => attribute.AttributeType.Name == "RequiredMemberAttribute"); // a package has a second one

    /// <summary>An object with nothing set; required properties are null or 0.</summary>
    public static object Empty(Type type)
    {
        ConstructorInfo constructor = type.GetConstructors().Single();
        return constructor.Invoke([.. constructor.GetParameters().Select(parameter => parameter.DefaultValue)]);
    }

    /// <summary>The kind of value a type takes, to be read after "expected".</summary>
    public static string KindOf(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type.IsEnum) return string.Join(", ", Enum.GetNames(type)[..^1].Select(NameOf)) + " or " + NameOf(Enum.GetNames(type)[^1]);
        if (type == typeof(string)) return "a text";
        if (type == typeof(CorpusColumn)) return "a whole number or a name";
        if (type == typeof(bool)) return "true or false";
        if (IsWhole(type)) return "a whole number";
        if (type == typeof(float) || type == typeof(double)) return "a number";
        return PairOf(type) is not null || IsObject(type) ? "an object" : "a list";
    }

    /// <summary>Whether values of the type are whole numbers.</summary>
    public static bool IsWhole(Type type) => type == typeof(int) || type == typeof(long) || type == typeof(ulong);
}
