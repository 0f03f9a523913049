using RnnService.Engine.Layers;

namespace RnnService.Engine.Networks;

/// <summary>
/// Integrated gradients (Sundararajan, Taly and Yan, ICML 2017, equation 1) along the straight path from all-zero embeddings. Over any piece of
/// the path the tokens' shares have to sum to the function's difference; that tells where the integral is not exact yet, as where the largest
/// step of a pooled unit changes, and those pieces are halved.
/// </summary>
internal static class IntegratedGradients
{
    private const int PointsOfPiece = 5, MostPoints = 512;

    /// <summary>
    /// What the sum of the shares may miss, as a part of the difference that it has to be, and what all pieces may miss, as a part of all shares.
    /// </summary>
    private const double GoodGap = .004;

    /// <summary>As a part of all shares: below it the rounding of 32-bit floats is all there is.</summary>
    private const double Rounding = 1e-5;

    /// <summary>Points that most texts take.</summary>
    private const int UsualPoints = 40;

    /// <summary>A pass back reads about as much as two forward.</summary>
    private const int PassesOfPoint = 3;

    /// <summary>Points that halving a piece takes: those of both halves, and the middle.</summary>
    private const int PointsOfSplit = 2 * PointsOfPiece + 1;

    private static readonly (double[] Nodes, double[] Weights) Rule = GaussLegendre(PointsOfPiece);

    /// <summary>What the function is at points α of the path: its value, and for each token its derivative by the token's own part of the path.</summary>
    /// <param name="points">The points, from 0 to 1.</param>
    internal delegate PathPoint[] Path(double[] points);

    /// <summary>About how many tokens are read to explain a text of so many, running scores included.</summary>
    public static int Cost(int tokens, Direction direction)
    {
        long running = direction == Direction.Forward ? tokens : tokens * (tokens + 1L) / 2;
        return (int)Math.Min(int.MaxValue, running + (long)tokens * UsualPoints * PassesOfPoint);
    }

    /// <summary>The tokens' shares in the function's value at the end of the path, less that at its start.</summary>
    /// <param name="path">The function along the path.</param>
    /// <param name="label">The label that is explained.</param>
    /// <param name="running">The logits after each token.</param>
    public static Explanation Explain(Path path, int label, IReadOnlyList<float[]> running)
    {
        double[] ends = [.. path([0, 1]).Select(end => end.Value)];
        (double baseline, double value) = (ends[0], ends[1]);
        List<Piece> pieces = Halves([new Piece(0, 1, baseline, value, [])], path);
        int points = ends.Length + PointsOfSplit;
        while (true)
        {
            double difference = Math.Abs(value - baseline), all = pieces.Sum(piece => piece.Gap);
            double sum = Math.Abs(pieces.Sum(piece => piece.SignedGap)), size = Math.Max(difference, pieces.Sum(piece => piece.Shares.Sum(Math.Abs)));
            if (sum <= Math.Max(GoodGap * difference, Rounding * size) && all <= GoodGap * size) break;
            List<Piece> coarse = [.. pieces.Where(piece => piece.Gap > all / pieces.Count / 2)
                .OrderByDescending(piece => piece.Gap).Take((MostPoints - points) / PointsOfSplit)];
            if (coarse.Count == 0) break;
            pieces.RemoveAll(coarse.Contains);
            pieces.AddRange(Halves(coarse, path));
            points += coarse.Count * PointsOfSplit;
        }

        return new Explanation
        {
            Label = label,
            Running = running,
            Contributions = [.. Enumerable.Range(0, running.Count).Select(token => (float)pieces.Sum(piece => piece.Shares[token]))],
            Value = value,
            Baseline = baseline,
            Steps = points,
        };
    }

    /// <summary>Both halves of pieces, all computed together.</summary>
    private static List<Piece> Halves(List<Piece> pieces, Path path)
    {
        double[] points = [.. pieces.SelectMany(piece => (double[])
            [.. Rule.Nodes.Select(node => At(piece, node / 2)), At(piece, .5), .. Rule.Nodes.Select(node => At(piece, (1 + node) / 2))])];
        PathPoint[] found = path(points);
        var halves = new List<Piece>(2 * pieces.Count);
        for (int i = 0; i < pieces.Count; i++)
        {
            Piece piece = pieces[i];
            ReadOnlySpan<PathPoint> own = found.AsSpan(i * PointsOfSplit, PointsOfSplit);
            double middle = own[PointsOfPiece].Value;
            halves.Add(new Piece(piece.From, At(piece, .5), piece.ValueFrom, middle, Shares(own[..PointsOfPiece], (piece.To - piece.From) / 2)));
            halves.Add(new Piece(At(piece, .5), piece.To, middle, piece.ValueTo, Shares(own[(PointsOfPiece + 1)..], (piece.To - piece.From) / 2)));
        }

        return halves;

        static double At(Piece piece, double part) => piece.From + part * (piece.To - piece.From);
    }

    private static double[] Shares(ReadOnlySpan<PathPoint> points, double length)
    {
        double[] shares = new double[points[0].Slopes.Length];
        for (int i = 0; i < points.Length; i++)
        {
            for (int token = 0; token < shares.Length; token++) shares[token] += length * Rule.Weights[i] * points[i].Slopes[token];
        }

        return shares;
    }

    /// <summary>Nodes and weights for the interval from 0 to 1: the roots of the Legendre polynomial, by Newton's method.</summary>
    internal static (double[] Nodes, double[] Weights) GaussLegendre(int count)
    {
        double[] nodes = new double[count], weights = new double[count];
        for (int i = 0; i < count; i++)
        {
            double x = Math.Cos(Math.PI * (i + .75) / (count + .5)), slope = 0, step = 1;
            while (Math.Abs(step) > 1e-15)
            {
                double before = 0, here = 1;
                for (int degree = 1; degree <= count; degree++)
                    (before, here) = (here, ((2 * degree - 1) * x * here - (degree - 1) * before) / degree);
                slope = count * (x * here - before) / (x * x - 1);
                step = here / slope;
                x -= step;
            }

            nodes[i] = (1 - x) / 2;
            weights[i] = 1 / ((1 - x * x) * slope * slope);
        }

        return (nodes, weights);
    }

    /// <summary>A function at a point of a path.</summary>
    /// <param name="Value">Its value.</param>
    /// <param name="Slopes">Its derivative by each token's part of the path, [T].</param>
    internal readonly record struct PathPoint(double Value, double[] Slopes);

    /// <summary>A piece of the path, with the function's values at its ends and the tokens' shares in their difference.</summary>
    private sealed record Piece(double From, double To, double ValueFrom, double ValueTo, double[] Shares)
    {
        public double SignedGap { get; } = Shares.Sum() - (ValueTo - ValueFrom);

        public double Gap => Math.Abs(SignedGap);
    }
}
