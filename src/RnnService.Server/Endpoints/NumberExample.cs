namespace RnnService.Server.Endpoints;

/// <summary>Numbers for the examples of the document: a step of the shipped transcriber of digits by which it hears a 7.</summary>
internal static class NumberExample
{
    private const string Step = """
            -12, -7, -8, -10, -7, -7, -6, -6, -6, -5, -5, -5, -3, -6, -6, -6, -6, -7, -7, -7, -7, -7, -6, -6, -3, -3, -6, -6, -5, -5, -5, -5, -5, -5, -5, -5, -5, -5, -5, -6,
            0, 0, 0, 0, 1, 0, 0, 0, 0, 0, -2, -2, -1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1, 0, -1, 0, 0, 0, 0, 0, -1, 0, 0, 0, 0, 0, 1, 0,
            -12, -10, -11, -7, -7, -7, -3, -6, -6, -5, -5, -5, -6, -6, -6, -6, -7, -7, -7, -7, -7, -7, -7, -6, -6, -6, -6, -6, -6, -5, -5, -7, -5, -5, -5, -5, -5, -5, -5, -6,
            1, -1, -1, 0, 1, 1, -1, 0, -1, -1, -1, -1, -1, -2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, -1, -1, 0, 0, 0, 0, 0, 0
        """;

    /// <summary>A request to hear what is said, with details.</summary>
    public const string Transcribe = $$$"""{"inputs": {"values": [[{{{Step}}}]]}, "model": "digits", "parameters": {"details": true}}""";

    /// <summary>What is heard.</summary>
    public const string Transcribed = """{"text": "7", "symbols": [{"symbol": "7", "step": 0, "seconds": 0.035, "score": 0.8809}]}""";

    /// <summary>A request for the likeliest of single digits.</summary>
    public const string Classify = $$$"""{"inputs": {"values": [[{{{Step}}}]]}, "model": "digits", "parameters": {"top_k": 2}}""";

    /// <summary>The two likeliest.</summary>
    public const string Classified = """[[{"label": "7", "score": 0.89697}, {"label": "6", "score": 0.02872}]]""";
}
