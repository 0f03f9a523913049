using System.Globalization;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Training.Corpora;
using RnnService.Training.Recipes;
using RnnService.Training.Runs;

namespace RnnService.Benchmarks.Anomalies;

/// <summary>
/// The Numenta Anomaly Benchmark: one forecaster learns from the beginnings of all streams, those records that do not count, and reads on; what it did not
/// expect is told by <see cref="AnomalyLikelihood"/> and scored by <see cref="NumentaScore"/>. Forecasts themselves are compared with those of whoever
/// expects no change and of whoever expects what was a day ago.
/// </summary>
internal static class NumentaCommand
{
    private const int Horizon = 12;

    public static int Run(string folder, string output, string[] settings)
    {
        NumentaStream[] streams = NumentaStream.ReadAll(folder);
        Console.WriteLine($"{streams.Length} streams, {streams.Sum(stream => stream.Values.Length):N0} records, {streams.Sum(stream => stream.Windows.Length)} windows");
        Scale[] scales = [.. streams.Select(Scale.Of)];
        Train(streams, scales, output, settings);
        using Forecaster model = Forecaster.Load(output);
        double[][] network = new double[streams.Length][];
        Parallel.For(0, streams.Length, i => network[i] = Forecasts(model, streams[i], scales[i]));

        Console.WriteLine("\n| detector | standard | few false alarms | few misses |\n|---|---|---|---|");
        Show("forecasting LSTM", streams.Select((stream, i) => Errors(stream, scales[i], at => network[i][at * Horizon])));
        Show("no change expected", streams.Select((stream, i) => Errors(stream, scales[i], at => stream.Values[at])));
        Show("a day ago expected", streams.Select((stream, i) => Errors(stream, scales[i], at => DayAgo(stream, at, 1))));

        Console.WriteLine("\n| mean absolute error over that of no change, mean over streams | 1 ahead | 12 ahead |\n|---|---|---|");
        Compare("forecasting LSTM", streams, (i, at, ahead) => network[i][at * Horizon + ahead - 1]);
        Compare("a day ago", streams, (i, at, ahead) => DayAgo(streams[i], at, ahead));
        return 0;

        void Show(string name, IEnumerable<double[]> errors)
        {
            var likelihood = new AnomalyLikelihood(recent: 1, window: 8000, quiet: 400);
            ScoredStream[] scored = [.. errors.Select((stream, i) => new ScoredStream(likelihood.Of(stream), streams[i].Windows))];
            string[] cells = [.. ((NumentaProfile[])[NumentaProfile.Standard, NumentaProfile.FewFalseAlarms, NumentaProfile.FewMisses])
                .Select(profile => NumentaScore.Best(scored, profile).Score.ToString("F1", CultureInfo.InvariantCulture))];
            Console.WriteLine($"| {name} | {string.Join(" | ", cells)} |");
        }
    }

    private static void Train(NumentaStream[] streams, Scale[] scales, string output, string[] settings)
    {
        string table = Path.Combine(Directory.CreateTempSubdirectory("rnn-numenta-").FullName, "beginnings.csv");
        using (var writer = new StreamWriter(table))
        {
            writer.WriteLine("stream,value");
            for (int i = 0; i < streams.Length; i++)
            {
                foreach (double value in streams[i].Values.Take(NumentaScore.ProbationOf(streams[i].Values.Length)))
                    writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{i},{scales[i].Shrink(value)}"));
            }
        }

        CorpusSource[] source = [new() { Path = table, Format = CorpusFormat.Csv, SequenceColumn = CorpusColumn.Parse("stream"), Columns = [CorpusColumn.Parse("value")] }];
        Recipe recipe = DefaultRecipes.For(
            ModelTask.Forecaster, source, [], streams.Length,
            ["model.cell=lstm", $"model.numbers.horizon={Horizon}", "training.epochs=40", .. settings]);
        new Trainer(recipe, new RunFolders { Data = "", Output = output }).Run();
        Directory.Delete(Path.GetDirectoryName(table)!, recursive: true);
    }

    // [records·horizon], what was expected after each record, in the stream's own units.
    private static double[] Forecasts(Forecaster model, NumentaStream stream, Scale scale)
    {
        float[] values = [.. stream.Values.Select(value => (float)scale.Shrink(value))];
        return [.. model.Values(model.Logits([new NumberSequence(values, 1)])[0]).Select(value => scale.Grow(value))];
    }

    // Of every record what the one before let expect; nothing at the first.
    private static double[] Errors(NumentaStream stream, Scale scale, Func<int, double> expected) =>
        [0, .. Enumerable.Range(1, stream.Values.Length - 1).Select(at => Math.Min(Math.Abs(stream.Values[at] - expected(at - 1)) / scale.Deviation, 100))];

    private static double DayAgo(NumentaStream stream, int at, int ahead) =>
        stream.Day > ahead && at + ahead - stream.Day >= 0 ? stream.Values[at + ahead - stream.Day] : stream.Values[at];

    private static void Compare(string name, NumentaStream[] streams, Func<int, int, int, double> expected)
    {
        string[] cells = [.. ((int[])[1, Horizon]).Select(ahead => streams.Select((stream, i) =>
        {
            int from = NumentaScore.ProbationOf(stream.Values.Length), to = stream.Values.Length - ahead;
            double still = 0, error = 0;
            for (int at = from; at < to; at++)
            {
                still += Math.Abs(stream.Values[at + ahead] - stream.Values[at]);
                error += Math.Abs(stream.Values[at + ahead] - expected(i, at, ahead));
            }

            return still == 0 ? double.NaN : error / still;
        }).Where(double.IsFinite).Average().ToString("F2", CultureInfo.InvariantCulture))];
        Console.WriteLine($"| {name} | {string.Join(" | ", cells)} |");
    }

    /// <summary>A stream's units, by the records that do not count: values far out grow by their logarithm alone.</summary>
    private sealed record Scale(double Mean, double Deviation)
    {
        public static Scale Of(NumentaStream stream)
        {
            double[] first = stream.Values[..NumentaScore.ProbationOf(stream.Values.Length)];
            double mean = first.Average(), deviation = Math.Sqrt(first.Average(value => (value - mean) * (value - mean)));
            return new Scale(mean, deviation > 1e-9 ? deviation : Math.Max(1, Math.Abs(mean)));
        }

        public double Shrink(double value)
        {
            double away = (value - Mean) / Deviation;
            return Math.Asinh(away);
        }

        public double Grow(double shrunk) => Mean + Deviation * Math.Sinh(shrunk);
    }
}
