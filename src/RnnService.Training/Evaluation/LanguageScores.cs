namespace RnnService.Training.Evaluation;

/// <summary>How well a language model predicts a text, from the summed negative log-likelihood of its tokens.</summary>
public sealed record LanguageScores
{
    /// <param name="nats">The tokens' negative log-likelihood (natural logarithm), summed.</param>
    /// <param name="count">The number of tokens; characters instead give nats and bits a character.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no token.</exception>
    public LanguageScores(double nats, long count)
    {
        if (count < 1) throw new ArgumentOutOfRangeException(nameof(count), $"{count} tokens were scored; expected at least 1");
        TotalNats = nats;
        Count = count;
    }

    /// <summary>The tokens' negative log-likelihood, summed.</summary>
    public double TotalNats { get; }

    /// <summary>The number of tokens.</summary>
    public long Count { get; }

    /// <summary>Nats a token: the loss.</summary>
    public double Nats => TotalNats / Count;

    /// <summary>Bits a token: nats divided by ln 2.</summary>
    public double Bits => Nats / double.Log(2);

    /// <summary>e to the nats a token: the number of equally likely tokens that would be as hard to predict.</summary>
    public double Perplexity => double.Exp(Nats);
}
