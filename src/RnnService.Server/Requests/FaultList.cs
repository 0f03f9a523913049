using System.Text.Json;

namespace RnnService.Server.Requests;

/// <summary>
/// The faults found in a request: the first ones only, so that neither their number nor their names make the answer longer than a few
/// kilobytes. Who looks for faults stops once it is full.
/// </summary>
internal sealed class FaultList
{
    /// <summary>How many faults are told.</summary>
    public const int Most = 20;

    /// <summary>How many bytes of JSON they may take: names of characters that are escaped take six bytes each.</summary>
    private const int MostBytes = 3_000;

    private List<FieldFault>? _faults; // none for most requests
    private int _bytes;

    public IReadOnlyList<FieldFault> Faults => _faults ?? (IReadOnlyList<FieldFault>)[];

    /// <summary>Whether further faults are passed over.</summary>
    public bool IsFull => _faults?.Count >= Most || _bytes >= MostBytes;

    /// <param name="field">The field's path, such as <c>parameters.stop[2]</c>; empty for the body itself.</param>
    /// <param name="message">What was found and what was expected.</param>
    public void Add(string field, string message)
    {
        if (IsFull) return;
        var fault = new FieldFault(field, message);
        (_faults ??= []).Add(fault);
        _bytes += JsonEncodedText.Encode(fault.Sentence, Json.Options.Encoder).EncodedUtf8Bytes.Length;
    }
}
