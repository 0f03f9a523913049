using System.Text.RegularExpressions;

namespace RnnService.Onnx.Import.Weights;

/// <summary>Tells by their names what tensors without a place belong to.</summary>
internal static partial class ForeignLayers
{
    private static readonly (string Group, string Layer)[] Known =
    [
        ("batch", "of a batch normalisation"), ("layer", "of a layer normalisation"),
        ("attention", "of an attention"), ("conv", "of a convolution"), ("start", "a start that was learned"),
    ];

    /// <summary>What a tensor seems to belong to, as the end of a sentence that names it; nothing where its name does not tell.</summary>
    public static string Explain(string name)
    {
        Match match = Names().Match(name);
        if (!match.Success) return "";
        if (match.Groups["crf"].Success) return ": of a conditional random field, which has no place here without \"crf\": true in the configuration";
        return Array.Find(Known, known => match.Groups[known.Group].Success).Layer is { } layer
            ? $": {layer}, which has no place here; an ONNX graph of it can be served as it is"
            : ": as Keras and TensorFlow call it; docs/onnx.md has the lines of Python that turn such weights";
    }

    [GeneratedRegex(
        @"(?<batch>running_(mean|var)$|num_batches_tracked$|(^|[._])(bn|batch_?norm))|(?<layer>(^|[._])(ln|layer_?norm|norm)\d*[._])"
        + @"|(?<crf>transitions?$|(^|[._])crf\.)|(?<attention>(^|[._])(attn|attention|self_attn|in_proj))|(?<conv>(^|[._])conv)"
        + @"|(?<start>(^|[._])(h_?0|c_?0|init_?hidden|initial_state)$)|(?<keras>kernel(:0)?$)",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Names();
}
