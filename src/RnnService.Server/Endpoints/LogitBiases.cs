using System.Globalization;
using RnnService.Engine.Models;
using RnnService.Server.Requests;

namespace RnnService.Server.Endpoints;

/// <summary>What requests add to the logits of tokens, in the form that OpenAI's clients send: numbers by token ids that are texts.</summary>
internal static class LogitBiases
{
    /// <summary>The biases by token.</summary>
    /// <param name="asked">As they were sent, their bounds checked.</param>
    /// <param name="model">Whose tokens they are.</param>
    /// <param name="field">Where they stand in the request.</param>
    /// <exception cref="RequestProblem">One is for a token that the model does not have.</exception>
    public static IReadOnlyDictionary<int, float> Of(IReadOnlyDictionary<string, double> asked, GenerativeModel model, string field)
    {
        int count = model.TargetTokenizer.Vocabulary.Count;
        var biases = new Dictionary<int, float>();
        foreach ((string token, double bias) in asked)
        {
            // Digits alone have one meaning: "07" would be a second name of a token.
            if (!int.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out int id) || id >= count || (token[0] == '0' && id > 0))
                throw RequestProblem.Of(ProblemKind.Validation, field, $"has a token that is none of the model's; expected ids from 0 to {count - 1}");
            biases[id] = (float)bias;
        }

        return biases;
    }
}
