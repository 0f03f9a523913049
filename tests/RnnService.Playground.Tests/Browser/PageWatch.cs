using System.Collections.Concurrent;

namespace RnnService.Playground.Tests.Browser;

/// <summary>Takes down what a page must never do: leave its origin, break its content security policy, or write an error to the console.</summary>
public sealed class PageWatch
{
    /// <summary>How Chromium's console begins what it says of every answer that is not a success, and of a connection that is refused.</summary>
    private const string FailedAnswer = "Failed to load resource:";

    private readonly ConcurrentQueue<string> _faults = new();
    private readonly ConcurrentQueue<IRequest> _requests = new();
    private readonly string _origin;

    public PageWatch(IBrowserContext context, string origin)
    {
        _origin = origin + "/";
        context.Request += (_, request) =>
        {
            _requests.Enqueue(request);
            if (!IsLocal(request.Url)) _faults.Enqueue($"a request to {request.Url}");
        };
        context.Console += (_, message) =>
        {
            if (message.Type == "error" && !(FailedAnswersAreExpected && message.Text.StartsWith(FailedAnswer, StringComparison.Ordinal)))
                _faults.Enqueue($"the console: {message.Text} ({message.Location})");
        };
        context.WebError += (_, error) => _faults.Enqueue($"an exception in the page: {error.Error}");
    }

    /// <summary>Set by tests that make the service refuse: the browser writes refusals to the console whatever the page does about them.</summary>
    public bool FailedAnswersAreExpected { get; set; }

    /// <summary>What went wrong, once; it is then forgotten.</summary>
    public IReadOnlyList<string> TakeFaults()
    {
        var faults = new List<string>();
        while (_faults.TryDequeue(out string? fault)) faults.Add(fault);
        return faults;
    }

    /// <summary>All requests so far, the first first.</summary>
    public IReadOnlyList<IRequest> Requests => [.. _requests];

    private bool IsLocal(string url) => url.StartsWith(_origin, StringComparison.Ordinal)
        || url.StartsWith("data:", StringComparison.Ordinal) || url.StartsWith("blob:", StringComparison.Ordinal) || url == "about:blank";
}
