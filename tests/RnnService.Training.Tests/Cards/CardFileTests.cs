using RnnService.Training.Cards;
using Xunit;

namespace RnnService.Training.Tests.Cards;

public sealed class CardFileTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    private string Card => File.ReadAllText(_folder[CardFile.Name]);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_generated_card_is_replaced()
    {
        Assert.True(CardFile.Write(_folder["."], "# one\n"));
        Assert.True(CardFile.Write(_folder["."], "# two\n"));
        Assert.StartsWith("# two\n", Card, StringComparison.Ordinal);
        Assert.Equal([CardFile.Name], Directory.EnumerateFiles(_folder["."]).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData("# by hand\n")]
    [InlineData("")]
    public void A_card_of_somebody_else_stays(string text)
    {
        _folder.Write(CardFile.Name, text);
        Assert.False(CardFile.Write(_folder["."], "# two\n"));
        Assert.Equal(text, Card);
    }

    // One character anywhere: in the text, in the mark, before or behind it.
    [Fact]
    public void A_changed_card_stays_wherever_it_was_changed()
    {
        string card = CardFile.Marked("# one\n\ntext");
        Assert.True(CardFile.IsGenerated(card));
        for (int i = 0; i <= card.Length; i++) Assert.False(CardFile.IsGenerated(card.Insert(i, "x")), $"x at {i}");
        Assert.False(CardFile.IsGenerated(card + "more\n"));
    }

    [Fact]
    public void Line_ends_do_not_count() => Assert.True(CardFile.IsGenerated(CardFile.Marked("# one\n\ntext").ReplaceLineEndings("\r\n")));
}
