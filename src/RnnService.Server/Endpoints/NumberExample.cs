namespace RnnService.Server.Endpoints;

/// <summary>
/// Numbers for the examples of the document: a step of the shipped transcriber of digits by which it hears a 7, and steps of two numbers for models of one's own.
/// </summary>
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

    /// <summary>A request for the labels of steps.</summary>
    public const string Tag = """{"inputs": {"values": [[0.5, 1], [-2, -3], [3, 2], [3, 3]]}, "model": "phases"}""";

    /// <summary>Steps in a row with one label.</summary>
    public const string Tagged = """[{"label": "move", "score": 0.5859, "start": 0, "end": 1}, {"label": "rest", "score": 0.51102, "start": 1, "end": 2}, {"label": "move", "score": 0.74775, "start": 2, "end": 4}]""";

    /// <summary>A request for values of a sequence.</summary>
    public const string Predict = """{"inputs": {"values": [[0.5, 1], [2, -1], [-1.5, 0.25]]}, "model": "level"}""";

    /// <summary>A value for each output.</summary>
    public const string Predicted = """{"values": [[0.1257, -0.1315]]}""";

    /// <summary>A request for the steps that follow.</summary>
    public const string Forecast = """{"inputs": {"values": [[0.5, 1], [2, -1], [-1.5, 0.25]]}, "model": "load"}""";

    /// <summary>Each with as many numbers as those that were sent.</summary>
    public const string Forecasted = """{"forecast": [[-0.03311, -0.09554], [0.00346, 0.08144], [-0.01596, -0.02116]]}""";
}
