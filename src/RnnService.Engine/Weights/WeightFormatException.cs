namespace RnnService.Engine.Weights;

/// <summary>A weight file is malformed, or does not hold the tensor asked for. The message says where, what was found and what was expected.</summary>
public class WeightFormatException : Exception
{
    /// <summary>Creates the exception; its message is "file: problem".</summary>
    /// <param name="file">The weight file, as the caller named it.</param>
    /// <param name="problem">What is wrong in it and what was expected.</param>
    /// <param name="inner">The error underneath, if any.</param>
    public WeightFormatException(string file, string problem, Exception? inner = null) : base($"{file}: {problem}", inner) => File = file;

    /// <summary>The weight file, as the caller named it.</summary>
    public string File { get; }

    // Names and shapes come from an untrusted file and end up in logs: no line breaks, and no message of a hundred megabytes.
    internal static string Quote(string name)
    {
        const int longest = 80;
        string shown = name.Length <= longest ? name : name[..longest] + "…";
        return $"\"{string.Concat(shown.Select(character => char.IsControl(character) ? '?' : character))}\"";
    }

    internal static string Show(ReadOnlySpan<int> shape)
    {
        const int most = 8;
        string shown = string.Join(", ", shape[..Math.Min(most, shape.Length)].ToArray());
        return shape.Length <= most ? $"[{shown}]" : $"[{shown}, … {shape.Length} dimensions]";
    }
}
