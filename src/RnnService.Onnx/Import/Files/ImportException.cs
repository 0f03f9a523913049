using static RnnService.Engine.Weights.WeightFormatException;

namespace RnnService.Onnx.Import.Files;

/// <summary>The ways to bring an ONNX graph in.</summary>
public enum ImportWay
{
    /// <summary>Its weights are read into this engine's: <c>ModelImport.FromOnnx</c>.</summary>
    Weights,

    /// <summary>The graph is kept, and ONNX Runtime computes it: <c>ModelImport.AsIs</c>.</summary>
    AsIs,
}

/// <summary>
/// Something cannot be imported. The message is "file: what was found; expected what", or, where several things are wrong, a line for
/// each of them, indented, under a line that names the file. What comes from a file is quoted without its line breaks.
/// </summary>
public sealed class ImportException : Exception
{
    private const int MostProblems = 50;

    /// <summary>One thing is wrong.</summary>
    /// <param name="file">The file, as the caller named it.</param>
    /// <param name="problem">What is wrong in it and what was expected.</param>
    /// <param name="inner">The error underneath, if any.</param>
    public ImportException(string file, string problem, Exception? inner = null) : base($"{file}: {problem}", inner)
    {
    }

    /// <summary>Several things are wrong; of very many the first are told.</summary>
    /// <param name="file">The file, as the caller named it.</param>
    /// <param name="problems">What is wrong and what was expected, one or more.</param>
    /// <param name="advice">What may help, if anything.</param>
    public ImportException(string file, IReadOnlyList<string> problems, string? advice = null) : this(file, Lines(problems, advice))
    {
    }

    /// <summary>The other way to bring the graph in, which was tried and works; null where there is none.</summary>
    public ImportWay? OtherWay { get; init; }

    /// <summary>Names of a file, for messages: quoted, and not more of them than one can read.</summary>
    internal static string List(IEnumerable<string> names)
    {
        const int most = 6;
        string[] shown = [.. names.Take(most + 1).Select(Quote)];
        return string.Join(", ", shown.Take(most)) + (shown.Length > most ? ", …" : "");
    }

    private static string Lines(IReadOnlyList<string> problems, string? advice)
    {
        const string newLine = "\n  ";
        string all = problems.Count == 1
            ? problems[0]
            : $"{problems.Count} problems{newLine}{string.Join(newLine, problems.Take(MostProblems))}";
        string rest = problems.Count > MostProblems ? $"{newLine}… and {problems.Count - MostProblems} more" : "";
        return all + rest + (advice is null ? "" : newLine + advice);
    }
}
