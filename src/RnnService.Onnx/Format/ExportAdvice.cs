using static RnnService.Engine.Weights.WeightFormatException;

namespace RnnService.Onnx.Format;

/// <summary>What to change where a model is exported, so that the graph can be read: sentences that messages end with.</summary>
internal static class ExportAdvice
{
    /// <summary>For inputs that nobody can fill.</summary>
    public const string Inputs =
        "Export a model that takes the token ids alone, or with lengths or an attention_mask: give every other input its value inside forward";

    /// <summary>For several labels a text.</summary>
    public const string OneLabel =
        "Export logits of labels that exclude each other, without the Sigmoid: PyTorch's CrossEntropyLoss, Keras's Dense(labels, activation=None)";

    /// <summary>For recurrent operators that read the batch first.</summary>
    public const string TimeFirst =
        "Export layout 0, time before batch: PyTorch's exporter writes it for batch_first=True too, with a Transpose before and after the layer";

    /// <summary>For loops that were unrolled.</summary>
    public const string NoLoop =
        "Use nn.LSTM, nn.GRU or nn.RNN in place of a Python loop over cells, which the exporter writes out for its example's length";

    /// <summary>For a softmax over places or rows.</summary>
    /// <param name="op">The operator, as PyTorch names it too.</param>
    public static string LabelsAxis(string op) => $"Give it the labels' dimension: {op}(dim=-1)";

    /// <summary>For sizes that stand in the graph.</summary>
    /// <param name="ids">Name of the input of ids.</param>
    /// <param name="timeMajor">Whether ids are [time,batch].</param>
    public static string AnySize(string ids, bool timeMajor)
    {
        string axes = timeMajor ? "{0: \"time\", 1: \"batch\"}" : "{0: \"batch\", 1: \"time\"}";
        return $"Export with sizes that may vary: torch.onnx.export(…, input_names=[{Quote(ids)}], dynamic_axes={{{Quote(ids)}: {axes}}}), with "
            + "dynamo=True dynamic_shapes in its place, and no size as a number in forward; in Keras Input(shape=(None,))";
    }
}
