using RnnService.Engine.Text;

namespace RnnService.Training.Evaluation;

/// <summary>
/// Counts how often each label was predicted for each other: the scores of a classifier, or of a tagger word by word. Not safe for
/// several threads.
/// </summary>
public sealed class ConfusionMatrix
{
    private const int MostConfusions = 20;

    private readonly string[] _labels;
    private readonly Dictionary<string, int> _ids;
    private readonly Dictionary<(int Gold, int Predicted), long> _counts = []; // of pairs that occur: labels may be many
    private readonly long[] _gold;
    private readonly long[] _predicted;

    /// <summary>An empty matrix.</summary>
    /// <param name="labels">The labels in id order.</param>
    /// <exception cref="ArgumentException">There is no label, or one occurs twice.</exception>
    public ConfusionMatrix(IEnumerable<string> labels)
    {
        _labels = [.. labels];
        if (_labels.Length == 0) throw new ArgumentException("a confusion matrix has no labels; expected at least one");
        _ids = new Dictionary<string, int>(_labels.Length, StringComparer.Ordinal);
        for (int id = 0; id < _labels.Length; id++)
        {
            if (!_ids.TryAdd(_labels[id], id))
                throw new ArgumentException($"label {id} repeats label {_ids[_labels[id]]} (\"{_labels[id]}\"); expected every label once");
        }

        (_gold, _predicted) = (new long[_labels.Length], new long[_labels.Length]);
    }

    /// <summary>The labels in id order.</summary>
    public IReadOnlyList<string> Labels => _labels;

    /// <summary>Examples counted.</summary>
    public long Total { get; private set; }

    /// <summary>Examples whose predicted label is the gold one.</summary>
    public long Correct { get; private set; }

    /// <summary>The share of correct examples, from 0 to 1; 0 when there are none.</summary>
    public double Accuracy => F1Score.Share(Correct, Total);

    /// <summary>The mean F1 of the labels that occur as gold or predicted, from 0 to 1; 0 when there are none.</summary>
    public double MacroF1 => Occurring.Select(id => this[id].F1).DefaultIfEmpty(0).Average();

    /// <summary>How often <paramref name="predicted"/> was predicted where <paramref name="gold"/> was right.</summary>
    public long this[int gold, int predicted] => _counts.GetValueOrDefault((gold, predicted));

    /// <summary>Precision, recall and F1 of the label with this id.</summary>
    public F1Score this[int label] => new(_gold[label], _predicted[label], this[label, label]);

    private IEnumerable<int> Occurring => Enumerable.Range(0, _labels.Length).Where(id => this[id] is not { Gold: 0, Predicted: 0 });

    /// <summary>Counts an example by label ids.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such label.</exception>
    public void Add(int gold, int predicted)
    {
        Check(gold, nameof(gold));
        Check(predicted, nameof(predicted));
        System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_counts, (gold, predicted), out _)++;
        _gold[gold]++;
        _predicted[predicted]++;
        Total++;
        if (gold == predicted) Correct++;
    }

    /// <summary>Counts an example by label names.</summary>
    /// <exception cref="ArgumentException">There is no such label.</exception>
    public void Add(string gold, string predicted) => Add(IdOf(gold, "gold"), IdOf(predicted, "predicted"));

    /// <summary>
    /// The scores for the console: accuracy, one line a label, and the matrix with a row for each gold label; where that would be wider
    /// than <paramref name="width"/> characters, the most frequent confusions instead.
    /// </summary>
    internal string ToTable(int width = 120)
    {
        int[] occurring = [.. Occurring];
        List<string[]> scores = [["label", .. TextTable.ScoreHeader]];
        scores.AddRange(occurring.Select(id => (string[])[_labels[id], .. TextTable.Cells(this[id])]));
        scores.Add(["macro average", "", "", "", .. Averages(occurring).Select(TextTable.Percent)]);

        return $"accuracy {TextTable.Percent(Accuracy)} % ({Correct} of {Total})\n\n{TextTable.Format(scores)}" + (Matrix(occurring, width) ?? Confusions());
    }

    /// <summary>The matrix; null where it is wider.</summary>
    private string? Matrix(int[] occurring, int width)
    {
        if (occurring.Length > width) return null; // a column takes a character and more
        List<string[]> matrix = [["", .. occurring.Select(id => _labels[id])]];
        matrix.AddRange(occurring.Select(gold => (string[])[_labels[gold], .. occurring.Select(predicted => Cell(gold, predicted))]));
        return TextTable.Width(matrix) <= width ? $"\ngold (rows), predicted (columns)\n{TextTable.Format(matrix)}" : null;
    }

    private string Cell(int gold, int predicted) => this[gold, predicted] is > 0 and var count ? TextTable.Count(count) : ".";

    private IEnumerable<double> Averages(int[] labels) =>
        new Func<F1Score, double>[] { score => score.Precision, score => score.Recall, score => score.F1 }
            .Select(value => labels.Select(id => value(this[id])).DefaultIfEmpty(0).Average());

    private string Confusions()
    {
        var pairs = _counts.Where(pair => pair.Key.Gold != pair.Key.Predicted)
            .Select(pair => (pair.Key.Gold, pair.Key.Predicted, Count: pair.Value))
            .OrderBy(pair => pair.Gold).ThenBy(pair => pair.Predicted);
        var most = pairs
            .OrderByDescending(pair => pair.Count).Take(MostConfusions)
            .Select(pair => (string[])[$"{_labels[pair.Gold]} taken for {_labels[pair.Predicted]}", TextTable.Count(pair.Count)]);
        List<string[]> rows = [["most frequent confusions", "count"], .. most];
        return rows.Count > 1 ? $"\n{TextTable.Format(rows)}" : "";
    }

    internal int IdOf(string label, string which) =>
        _ids.TryGetValue(label, out int id)
            ? id
            : throw new ArgumentException($"{which} label \"{label}\" is not known; expected one of {Listing.Of(_labels)}");

    private void Check(int id, string which)
    {
        if ((uint)id >= (uint)_labels.Length)
            throw new ArgumentOutOfRangeException(which, $"{which} label {id} is not known; expected 0 to {_labels.Length - 1}");
    }
}
