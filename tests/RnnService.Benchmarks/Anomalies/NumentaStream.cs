using System.Globalization;
using System.IO.Compression;
using System.Text.Json;

namespace RnnService.Benchmarks.Anomalies;

/// <summary>A stream of the Numenta Anomaly Benchmark.</summary>
/// <param name="Name">Its folder and file.</param>
/// <param name="Times">When each value was measured.</param>
/// <param name="Values">The values.</param>
/// <param name="Windows">First and last record of every anomaly's window.</param>
internal sealed record NumentaStream(string Name, DateTime[] Times, double[] Values, (int First, int Last)[] Windows)
{
    /// <summary>How many records make a day, by the usual time between two; 0 where that is half a day or more.</summary>
    public int Day { get; } = DayOf(Times);

    /// <summary>Reads all streams that a folder's <c>windows.json</c> names, packed or plain.</summary>
    public static NumentaStream[] ReadAll(string folder)
    {
        using JsonDocument windows = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "windows.json")));
        return [.. windows.RootElement.EnumerateObject().OrderBy(stream => stream.Name, StringComparer.Ordinal).Select(stream => Read(folder, stream.Name, stream.Value))];
    }

    private static int DayOf(DateTime[] times)
    {
        double[] gaps = [.. times.Zip(times.Skip(1), (a, b) => (b - a).TotalSeconds).Order()];
        double usual = gaps[gaps.Length / 2];
        return usual is > 0 and < 43_200 ? (int)Math.Round(86_400 / usual) : 0;
    }

    private static NumentaStream Read(string folder, string name, JsonElement windows)
    {
        string[][] rows = [.. Lines(Path.Combine(folder, name)).Skip(1).Where(line => line.Length > 0).Select(line => line.Split(','))];
        DateTime[] times = [.. rows.Select(row => Time(row[0]))];
        return new NumentaStream(
            name, times, [.. rows.Select(row => double.Parse(row[1], CultureInfo.InvariantCulture))],
            [.. windows.EnumerateArray().Select(window => Between(times, Time(window[0].GetString()!), Time(window[1].GetString()!))).Order()]);
    }

    private static (int First, int Last) Between(DateTime[] times, DateTime from, DateTime to) =>
        (Array.FindIndex(times, time => time >= from), Array.FindLastIndex(times, time => time <= to));

    private static DateTime Time(string text) => DateTime.Parse(text, CultureInfo.InvariantCulture);

    private static IEnumerable<string> Lines(string path)
    {
        using Stream file = File.Exists(path) ? File.OpenRead(path) : new GZipStream(File.OpenRead($"{path}.gz"), CompressionMode.Decompress);
        using var reader = new StreamReader(file);
        while (reader.ReadLine() is { } line) yield return line;
    }
}
