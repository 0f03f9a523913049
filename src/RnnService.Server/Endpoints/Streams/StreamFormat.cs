using System.Globalization;
using RnnService.AspNetCore.Models;
using RnnService.Audio;
using RnnService.Server.Requests;

namespace RnnService.Server.Endpoints.Streams;

/// <summary>What the bytes of a stream are.</summary>
/// <param name="IsPcm">Signed integers of 16 bits, or floats of 32, the lowest byte first.</param>
/// <param name="SampleRate">Samples a second, of a stream of sound; 0 of one of numbers.</param>
internal sealed record StreamFormat(bool IsPcm, int SampleRate)
{
    public const string FormatQuery = "format", RateQuery = "rate", Pcm = "s16le", Float = "f32le";

    /// <summary>Reads it from the query.</summary>
    /// <exception cref="RequestProblem">It holds something else, or something that the model does not read.</exception>
    public static StreamFormat Of(HttpRequest request, ServedNumbers served)
    {
        string format = request.Query[FormatQuery].ToString(), rate = request.Query[RateQuery].ToString();
        if (format is not ("" or Pcm or Float))
            throw RequestProblem.Of(ProblemKind.Validation, FormatQuery, $"is {RequestProblem.Quoted(format)}; expected {Pcm} or {Float}");
        if (served.Sound is not { } sound)
        {
            if (format == Pcm) throw RequestProblem.Of(ProblemKind.Validation, FormatQuery, $"is {Pcm}; expected {Float} or none, since this model reads numbers and no sound");
            if (rate.Length > 0) throw RequestProblem.Of(ProblemKind.Validation, RateQuery, "is given; expected none, since this model reads numbers and no sound");
            return new StreamFormat(false, 0);
        }

        return new StreamFormat(format != Float, RateOf(rate, sound.Config.SampleRate));
    }

    private static int RateOf(string rate, int own)
    {
        if (rate.Length == 0) return own;
        return int.TryParse(rate, NumberStyles.None, CultureInfo.InvariantCulture, out int found) && found is >= Sound.LeastRate and <= Sound.MostRate
            ? found
            : throw RequestProblem.Of(ProblemKind.Validation, RateQuery,
                $"is {RequestProblem.Quoted(rate)}; expected samples a second, {Sound.LeastRate} to {Sound.MostRate}, or none for {own}");
    }
}
