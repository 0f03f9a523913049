using System.Globalization;
using System.Text;
using Parquet;
using Parquet.Serialization;

namespace RnnService.Training.Corpora;

/// <summary>A Parquet file as a table of texts.</summary>
internal static class ParquetTable
{
    /// <summary>The columns' names and the rows.</summary>
    /// <exception cref="InvalidDataException">It is no whole Parquet file.</exception>
    public static (string[] Names, List<TableRow> Rows) Read(CorpusSource source)
    {
        byte[] bytes = CorpusFile.ReadRaw(source.Path);
        try
        {
            return Table(source.Path, bytes);
        }
        catch (Exception error) when (error is not OutOfMemoryException) // the library throws what its bytes lead it to
        {
            throw new InvalidDataException($"{source.Path} is no Parquet file that can be read; expected a whole one: {error.Message}", error);
        }
    }

    private static (string[] Names, List<TableRow> Rows) Table(string path, byte[] bytes)
    {
        using var content = new MemoryStream(bytes);
        string[] names = [.. ParquetReader.ReadSchemaAsync(content).GetAwaiter().GetResult().Fields.Select(field => field.Name)];
        content.Position = 0;
        var rows = new List<TableRow>();
        foreach (var record in ParquetSerializer.DeserializeUntypedAsync(content).GetAwaiter().GetResult().Data)
        {
            var line = new CorpusLine(path, rows.Count + 1, ""); // a row's number
            rows.Add(new TableRow(line, [.. names.Select(name => Cell(record.TryGetValue(name, out object? value) ? value : null))]));
        }

        return (names, rows);
    }

    private static string Cell(object? value) => value switch
    {
        null => "",
        string text => text,
        byte[] bytes => Encoding.UTF8.GetString(bytes),
        bool flag => flag ? "true" : "false",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };
}
