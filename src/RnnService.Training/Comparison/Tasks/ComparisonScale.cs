namespace RnnService.Training.Comparison.Tasks;

/// <summary>How large a comparison is: the sizes that its networks, corpora and trainings are cut to. Immutable.</summary>
internal sealed record ComparisonScale
{
    /// <summary>The comparison whose page is kept: made for two hours on two processors.</summary>
    public static readonly ComparisonScale Full = new();

    /// <summary>A first look: about a minute a figure.</summary>
    public static readonly ComparisonScale Quick = new()
    {
        Name = "quick",
        Seeds = 2,
        NumberHidden = 16,
        Lengths = [20, 40, 80],
        Delays = [3, 6, 12],
        NumberSteps = 500,
        TextHidden = 32,
        TextEpochs = 1,
        Texts = 1000,
        Sentences = 600,
        Characters = 300_000,
        Pairs = 1500,
        TestPairs = 150,
        FewExamples = 3,
        FewTests = 150,
    };

    /// <summary>The word that tells its runs from those of other sizes.</summary>
    public string Name { get; init; } = "full";

    /// <summary>Trainings of everything that is compared, each from another seed.</summary>
    public int Seeds { get; init; } = 3;

    /// <summary>Hidden size of an LSTM that reads numbers; other cells get as many recurrent weights.</summary>
    public int NumberHidden { get; init; } = 32;

    /// <summary>Lengths of the adding problem, rising.</summary>
    public IReadOnlyList<int> Lengths { get; init; } = [50, 150, 300];

    /// <summary>Steps over which copies are to be remembered, rising.</summary>
    public IReadOnlyList<int> Delays { get; init; } = [10, 30, 100];

    /// <summary>Most steps of a training on numbers; a multiple of 250 where it is more.</summary>
    public int NumberSteps { get; init; } = 3000;

    /// <summary>Hidden size of an LSTM that reads text; other cells get as many recurrent weights.</summary>
    public int TextHidden { get; init; } = 96;

    /// <summary>Passes over a corpus of text.</summary>
    public int TextEpochs { get; init; } = 4;

    /// <summary>Labelled texts that are trained on.</summary>
    public int Texts { get; init; } = int.MaxValue;

    /// <summary>Tagged sentences that are trained on.</summary>
    public int Sentences { get; init; } = int.MaxValue;

    /// <summary>Characters of running text that are trained on.</summary>
    public int Characters { get; init; } = 1_000_000;

    /// <summary>Pairs of texts that are trained on.</summary>
    public int Pairs { get; init; } = 20_000;

    /// <summary>Pairs of texts that are measured.</summary>
    public int TestPairs { get; init; } = 600;

    /// <summary>Labelled texts a label that are few; of long texts ten times as many.</summary>
    public int FewExamples { get; init; } = 10;

    /// <summary>Texts that judge what was learnt from few.</summary>
    public int FewTests { get; init; } = 1000;

    /// <summary>Embedding and hidden size of the shipped model of English, which a network that starts from nothing has too.</summary>
    public int BaseSize { get; init; } = 400;

    /// <summary>How long a speed is measured.</summary>
    public double RateSeconds { get; init; } = .3;
}
