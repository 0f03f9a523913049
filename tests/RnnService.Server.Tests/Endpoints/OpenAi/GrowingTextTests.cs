using CsCheck;
using RnnService.Engine.Generation;
using RnnService.Server.Endpoints.OpenAi;

namespace RnnService.Server.Tests.Endpoints.OpenAi;

public sealed class GrowingTextTests
{
    private static readonly Gen<string> Piece = Gen.Char["ab😀"].Array[1, 2].Select(letters => new string(letters).Replace("\ud83d", "x").Replace("\ude00", "é"));
    private static readonly Gen<(string[] Tokens, string[] Stop)> Case = Gen.Select(Piece.Array[1, 12], Gen.Char["ab"].Array[1, 3].Select(letters => new string(letters)).Array[0, 3]);

    [Fact]
    public void The_pieces_are_the_text_without_its_stop_string_and_none_is_taken_back() => Case.Sample(one =>
    {
        var text = new GrowingText(one.Stop, false);
        string written = "", sent = "";
        foreach ((int index, string token) in one.Tokens.Index())
        {
            written += token;
            string[] found = [.. one.Stop.Where(stop => written.EndsWith(stop, StringComparison.Ordinal))];
            FinishReason? finished = found.Length > 0 ? FinishReason.StopSequence : index == one.Tokens.Length - 1 ? FinishReason.Length : null;
            Growth growth = text.Add(Token(token), finished);
            Assert.Empty(growth.Tokens);
            sent += growth.Text;
            Assert.StartsWith(sent, written, StringComparison.Ordinal);
            if (finished is null) continue;
            Assert.Equal(written[..^found.Select(stop => stop.Length).DefaultIfEmpty(0).Max()], sent);
            return;
        }
    });

    [Fact]
    public void A_token_comes_with_the_text_that_it_begins_in() => Case.Sample(one =>
    {
        var text = new GrowingText(one.Stop, true);
        Growth echo = text.Echo("é😀", [Token("é"), Token("😀")], [0, 1]);
        Assert.Equal([0, 1], echo.Tokens.Select(token => token.Offset));
        int offset = 2, at = 0;
        foreach ((int index, string token) in one.Tokens.Index())
        {
            Growth growth = text.Add(Token(token), index == one.Tokens.Length - 1 ? FinishReason.Length : null);
            foreach (PlacedToken placed in growth.Tokens)
            {
                Assert.Equal((one.Tokens[at], offset), (placed.Token.Text, placed.Offset));
                offset += one.Tokens[at++].Length;
            }
        }

        Assert.Equal(one.Tokens.Length, at);
    });

    private static GeneratedToken Token(string text) => new(new ScoredToken(0, text, -1, false), []);
}
