using RnnService.Engine.Models;
using RnnService.Onnx.Comparison;
using RnnService.Onnx.Format;
using RnnService.Onnx.Runtime.Runs;
using RnnService.Onnx.Runtime.Sessions;
using RnnService.Onnx.Runtime.Signatures;
using static RnnService.Engine.Weights.WeightFormatException;

namespace RnnService.Onnx.Runtime.Probing;

/// <summary>
/// Finds out how a graph takes its rows by running it, and whether it takes texts of every length. So nobody has to say which dimension is
/// time, whether the exporter wrote the batch of its example into the graph, or whether lengths and masks are honoured; and a graph that
/// runs but was made for its example alone is refused.
/// </summary>
internal sealed class LayoutProbe(
    RuntimeSession session, GraphSignature signature, ModelConfig config, ModelVocabulary vocabulary, RunLimit limit)
{
    private const int Long = 97, Longest = 300; // longer than the example of any exporter
    private static readonly int[] Lengths = [1, 2, 3, 5, 7, Long];

    private readonly List<string> _notes = [];

    /// <summary>Whether a fixed number of tokens is taken, for a comparison at this length alone.</summary>
    public bool TakesFixedLength { get; init; }

    /// <summary>What was assumed, a sentence each.</summary>
    public IReadOnlyList<string> Notes => _notes;

    /// <summary>The layout.</summary>
    /// <exception cref="OnnxFormatException">None fits, or the graph cannot serve.</exception>
    public GraphLayout Find()
    {
        List<string> problems = [];
        bool isFixed = false, hasRun = false; // of the readings so far
        foreach (bool timeMajor in (bool[])[false, true])
        {
            (int? batch, string? first) = signature.DeclaredBatch(timeMajor);
            int? time = signature.Ids.Sizes[timeMajor ? 0 : 1];
            bool single = time == 1 && config.Task == ModelTask.LanguageModel;
            if (time is not null && !single && !TakesFixedLength)
            {
                isFixed |= !timeMajor || !hasRun || problems is [var other] && other.Contains(GraphTrials.OtherRows, StringComparison.Ordinal);
                first ??= $"rows of {Tokens(time.Value)} alone; expected rows of any length";
            }

            if (first is null)
            {
                var layout = new GraphLayout(timeMajor, null, single, Ragged: false) { Time = single ? null : time, Form = signature.Answer.Form };
                foreach (int? candidate in batch is not null ? [batch] : (int?[])[null, 1, .. signature.LikelyBatches()])
                {
                    (GraphTrials? trials, string? problem, bool ran) = Fitting(layout with { Batch = candidate });
                    if (trials is not null) return Finish(trials);
                    hasRun |= ran && (candidate is null or 1 || candidate == batch);
                    first ??= problem;
                }
            }

            problems.Add($"as {(timeMajor ? "[time,batch]" : "[batch,time]")}: {first}");
        }

        if (!isFixed && !hasRun && Frozen() is { } frozen) throw frozen;
        throw signature.Refuse(
            signature.Ids,
            isFixed
                ? $"{signature.Ids.Show()} has fixed sizes, those of the exporter's example: no reading fits ({string.Join("; ", problems)}); expected sizes that may vary"
                : $"no reading fits ({string.Join("; ", problems)}); expected rows that do not move each other",
            isFixed ? ExportAdvice.AnySize(signature.Ids.Name, timeMajor: signature.Ids.Sizes is [not 1, 1]) : null);
    }

    /// <summary>The first of the ways to read a layout's answers and mask that fits.</summary>
    private (GraphTrials? Trials, string? Problem, bool HasRun) Fitting(GraphLayout layout)
    {
        string? first = null;
        bool hasRun = false;
        bool padding = signature.Mask is { IsCalledPadding: true };
        bool[] ways = signature.AnswersTokens && layout.Batch != 1 ? [false, true] : [false];
        bool[] masks = signature.Mask is null ? [false] : [padding, !padding];
        GraphTrials? kept = null;
        foreach (bool swapped in ways)
        {
            foreach (bool inverted in masks)
            {
                GraphTrials trials = Try(layout with { AnswersSwapped = swapped, MaskInverted = inverted });
                string? problem = trials.Problem();
                if (problem is null && (signature.Mask is null || trials.IsRagged())) return (trials, null, true);
                hasRun |= !trials.HasFailed;
                if (problem is null) kept ??= trials;
                else first ??= problem;
            }

            if (kept is not null) return (kept, null, true);
        }

        return (null, first, hasRun);
    }

    /// <summary>Checks what a layout that fits cannot tell: the lengths of texts, and what the answers are.</summary>
    private GraphLayout Finish(GraphTrials trials)
    {
        trials = WithEnd(trials);
        GraphLayout layout = trials.Graph.Layout with { Ragged = trials.IsRagged() };
        if (layout.Time is null && !layout.SingleStep) CheckLengths(trials);
        if (signature.Lengths is { } lengths && !layout.Ragged && layout.Time is null && !layout.SingleStep && !lengths.IsCalledLengths)
            throw Unfilled(lengths, "lengths of the rows");
        if (signature.Mask is { } mask && !layout.Ragged && layout.Time is null && !mask.IsCalledMask) throw Unfilled(mask, "a mask of the tokens");
        if (signature.Answer.Others is { Count: > 0 } others)
        {
            _notes.Add(
                $"Output {Quote(signature.Answer.Name)} is taken for the logits; {string.Join(", ", others.Take(10).Select(Quote))} "
                + $"{(others.Count == 1 ? "fits" : "fit")} too: output_name in the configuration chooses");
        }

        foreach (GraphInput segments in signature.Segments)
            _notes.Add($"Input {Quote(segments.Name)} is filled with 0, the segment of a single text");
        if (signature.Mask is { } taken)
            _notes.Add($"Input {Quote(taken.Name)} is filled with {(layout.MaskInverted ? "0 for tokens and 1 for padding" : "1 for tokens and 0 for padding")}");
        return layout;
    }

    /// <summary>The trials under a layout that knows what the answers are.</summary>
    private GraphTrials WithEnd(GraphTrials trials)
    {
        (bool inUnit, bool sumToOne, bool areLogarithms, int width) = trials.RawRange();
        bool isOne = width == 1, areProbabilities = inUnit && (sumToOne || !signature.Answer.EndsLinear);
        string answer = $"Output {Quote(signature.Answer.Name)}";
        if (!isOne && !areLogarithms && signature.Answer.Operator is "Softmax" or "LogSoftmax")
        {
            throw signature.RefuseAnswer(
                $"a {signature.Answer.Operator} over another dimension than the labels' found; expected one over the labels",
                ExportAdvice.LabelsAxis(signature.Answer.Operator));
        }

        if (!isOne && (signature.Answer.Form == AnswerForm.Sigmoid || areProbabilities && !sumToOne))
        {
            throw signature.RefuseAnswer(
                $"values from 0 to 1 that do not sum to one found{(signature.Answer.Form == AnswerForm.Sigmoid ? ", from a Sigmoid" : "")}: "
                + $"several labels a text; expected logits of one label a text", ExportAdvice.OneLabel);
        }

        if (isOne)
        {
            _notes.Add(
                $"{answer} is one number for two labels, the {(areProbabilities ? "probability" : "logit")} of the second: "
                + $"{string.Join(", ", config.NetworkLabels.Select(Quote))}");
        }
        else if (areProbabilities)
        {
            _notes.Add($"{answer} gives probabilities: their logarithms are taken for logits, which have the same softmax");
        }

        return Try(trials.Graph.Layout with
        {
            Form = !areProbabilities ? AnswerForm.Logits : isOne ? AnswerForm.Sigmoid : AnswerForm.Softmax,
        });
    }

    /// <summary>Checks that texts of every length are read to their end.</summary>
    private void CheckLengths(GraphTrials trials)
    {
        string? failure = Lengths.Select(trials.LengthProblem).FirstOrDefault(problem => problem is not null);
        bool runsLong = trials.LengthProblem(Long) is null;
        int? count = runsLong ? trials.TokensThatCount(Longest) : null;
        if (failure is not null)
        {
            int[] fitting = [.. Enumerable.Range(1, runsLong ? Long : 12).Concat(signature.LikelyLengths()).Distinct().Order()
                .Where(length => trials.LengthProblem(length) is null)];
            string rows = runsLong ? $"of {fitting.FirstOrDefault(Long)} or more tokens"
                : fitting.Length == 1 || fitting is [1, _] ? $"of {Tokens(fitting[^1])}"
                : $"of at most {fitting.LastOrDefault(1)} tokens";
            string read = count is not null ? $", and the first {count} read," : fitting is [1, _] ? ", and one token as its repetition," : "";
            throw signature.Refuse(
                signature.Ids,
                $"only rows {rows} can be computed{read} since the length of the exporter's example stands in the graph (else: {failure}); "
                + "expected rows of any length", count is not null ? ExportAdvice.NoLoop : Advice(trials));
        }

        if (count is not null)
        {
            throw signature.Refuse(
                signature.Ids,
                $"only the first {count} tokens of a text move the answer; expected an answer that depends on all of them", ExportAdvice.NoLoop);
        }

        if (trials.RepeatsTokens())
        {
            throw signature.Refuse(
                signature.Ids, $"a text of one token is answered as its repetition; expected rows of any length", Advice(trials));
        }

        CheckLongest(trials);
    }

    private void CheckLongest(GraphTrials trials)
    {
        bool isLanguage = config.Task == ModelTask.LanguageModel;
        (int least, int most) = (Long, isLanguage ? GraphLayout.MostSteps : Longest);
        if (trials.LengthProblem(most) is null) return;
        while (most - least > 1)
        {
            int middle = (least + most) / 2;
            if (trials.LengthProblem(middle) is null) least = middle;
            else most = middle;
        }

        if (isLanguage)
            throw signature.Refuse(signature.Ids, $"only rows of at most {least} tokens can be computed; expected rows of any length", Advice(trials));
        _notes.Add($"The graph computes texts of at most {least} tokens: longer ones are refused one by one");
    }

    // Where no recurrent operator is left, a loop over its steps was written out, and declaring sizes does not help.
    private string Advice(GraphTrials trials) => !signature.IsRecurrent ? ExportAdvice.NoLoop : ExportAdvice.AnySize(signature.Ids.Name, trials.Graph.Layout.TimeMajor);

    /// <summary>Where rows of one length fit, if none of the usual ones do: the refusal that says so.</summary>
    private OnnxFormatException? Frozen()
    {
        foreach (bool timeMajor in (bool[])[false, true])
        {
            int? declared = signature.DeclaredBatch(timeMajor).Batch;
            // Long rows may fit where the usual short ones do not: then only short ones are missing.
            GraphTrials any = Try(new GraphLayout(timeMajor, declared, SingleStep: false, Ragged: false) { Form = signature.Answer.Form });
            if (any.LengthProblem(Long) is null)
            {
                CheckLengths(any);
                continue;
            }

            foreach (int time in signature.LikelyLengths())
            {
                foreach (int batch in declared is { } one ? [one] : (int[])[3, 1, .. signature.LikelyBatches().Take(4)])
                {
                    var layout = new GraphLayout(timeMajor, batch, SingleStep: false, Ragged: false) { Time = time, Form = signature.Answer.Form };
                    if (Fitting(layout).Trials is not { } trials) continue;
                    return signature.Refuse(
                        signature.Ids,
                        $"rows of {Tokens(time)}{(batch is 3 ? "" : $", {batch} at a time,")} alone can be computed: the "
                        + $"{(batch is 3 ? "length" : "sizes")} of the exporter's example {(batch is 3 ? "stands" : "stand")} in the graph; "
                        + "expected rows of any length", Advice(trials));
                }
            }
        }

        return null;
    }

    private static string Tokens(int count) => count == 1 ? "1 token" : $"{count} tokens";

    private GraphTrials Try(GraphLayout layout) => new(new TokenGraph(session, signature, layout, limit), config, vocabulary);

    private OnnxFormatException Unfilled(GraphInput input, string what) => signature.Refuse(
        input,
        $"{input.Show()} found, which is not called and does not behave like {what}; expected an input that can be filled", ExportAdvice.Inputs);
}
