using System.Globalization;
using System.Text;
using CsCheck;
using RnnService.Engine.Text;
using Xunit;

namespace RnnService.Engine.Tests.Text;

public sealed class EnglishTokenizerTests
{
    private const int Long = 100_000;

    [Theory]
    [InlineData("Anna's cat isn't here.", "Anna|'s|cat|is|n't|here|.")]
    [InlineData("We'll see what they've done; I'm sure you're late and she'd wait.",
        "We|'ll|see|what|they|'ve|done|;|I|'m|sure|you|'re|late|and|she|'d|wait|.")]
    [InlineData("I can't, won't and cannot go.", "I|ca|n't|,|wo|n't|and|can|not|go|.")]
    [InlineData("They shouldn't've", "They|should|n't|'ve")]
    [InlineData("It’s Anna’s; don’t", "It|’s|Anna|’s|;|do|n’t")]
    [InlineData("mama`s hat isn´t", "mama|`s|hat|is|n´t")]
    [InlineData("DON'T WE'LL", "DO|N'T|WE|'LL")]
    [InlineData("gonna wanna gotta outta dunno", "gon|na|wan|na|got|ta|out|ta|du|n|no")]
    [InlineData("I'ma go c'mon d'you", "I|'m|a|go|c'm|on|d'|you")]
    [InlineData("dont im thats theyre", "do|nt|i|m|that|s|they|re")]
    [InlineData("the IM client", "the|IM|client")]
    [InlineData("the boys' boat", "the|boys|'|boat")]
    [InlineData("O'Neil's rock'n'roll, Ba'ath", "O'Neil|'s|rock'n'roll|,|Ba'ath")]
    [InlineData("'tis ’twas get 'em", "'t|is|’t|was|get|'em")]
    [InlineData("its not its own fault", "it|s|not|its|own|fault")]
    [InlineData("lets go where it lets me", "let|s|go|where|it|lets|me")]
    public void Clitics_stand_apart(string text, string tokens) => AssertTokens(text, tokens);

    [Theory]
    [InlineData("a well-known mother-in-law", "a|well|-|known|mother|-|in|-|law")]
    [InlineData("al-Rashid", "al|-|Rashid")]
    [InlineData("a non-stop, pre-war e-mail", "a|non-stop|,|pre-war|e-mail")]
    [InlineData("the mid-1980s career-wise Kafka-esque", "the|mid-1980s|career-wise|Kafka-esque")]
    [InlineData("uh-oh", "uh-oh")]
    [InlineData("a non-profit-making club", "a|non-profit|-|making|club")]
    [InlineData("a 15-year-old F-16", "a|15|-|year|-|old|F|-|16")]
    [InlineData("one–two—three--four - five", "one|–|two|—|three|--|four|-|five")]
    public void Compounds_part_at_the_hyphen_but_prefixes_stay(string text, string tokens) => AssertTokens(text, tokens);

    [Theory]
    [InlineData("It cost $1,000.50 (10%) at 3:30.", "It|cost|$|1,000.50|(|10|%|)|at|3:30|.")]
    [InlineData("1,2,3 and 12,500,000", "1|,|2|,|3|and|12,500,000")]
    [InlineData("US$5, C$ 7, £30", "US$|5|,|C$|7|,|£|30")]
    [InlineData("5pm 10km 2.5m 3rd 1980s", "5|pm|10|km|2.5|m|3rd|1980s")]
    [InlineData("a 4G phone", "a|4G|phone")]
    [InlineData("1/2 on 9/11 or 3/15/2001 to 2001/02", "1|/|2|on|9/11|or|3/15/2001|to|2001|/|02")]
    [InlineData("1990-1995, 5-10", "1990|-|1995|,|5|-|10")]
    [InlineData("call 555-010-4477 or 555-0199, 1-800-555-0199", "call|555-010-4477|or|555-0199|,|1-800-555-0199")]
    [InlineData("12-31-1999 and 1999-12-31", "12-31-1999|and|1999-12-31")]
    [InlineData("the 60's, '72 and ’90s", "the|60's|,|'72|and|’90s")]
    [InlineData("he is 5'10\"", "he|is|5|'|10|\"")]
    [InlineData("1920x1080 0x1F", "1920|x|1080|0x1F")]
    [InlineData("version v1.2.3, .15", "version|v1.2.3|,|.15")]
    [InlineData("+44 and +", "+44|and|+")]
    [InlineData("#3", "#|3")]
    public void Numbers_stay_whole_and_units_stand_apart(string text, string tokens) => AssertTokens(text, tokens);

    [Theory]
    [InlineData("Mr. Stone met Dr. Hill, e.g. in the U.S. capital.", "Mr.|Stone|met|Dr.|Hill|,|e.g.|in|the|U.S.|capital|.")]
    [InlineData("She left the U.S.", "She|left|the|U.S|.")]
    [InlineData("She left the U.S..", "She|left|the|U.S.|.")]
    [InlineData("(in the U.S.) Inc., U.S.-led", "(|in|the|U.S.|)|Inc.|,|U.S.|-|led")]
    [InlineData("at 5 p.m. today, i.e. now", "at|5|p.m.|today|,|i.e.|now")]
    [InlineData("pens, ink, etc. They", "pens|,|ink|,|etc|.|They")]
    [InlineData("pens, etc. are here", "pens|,|etc.|are|here")]
    [InlineData("pens etc...", "pens|etc|...")]
    [InlineData("No. 5? No. Not 6.", "No.|5|?|No|.|Not|6|.")]
    [InlineData("J. Hill and P.O.Box, Dr.Hill, Nov.28", "J.|Hill|and|P.O.|Box|,|Dr.|Hill|,|Nov.|28")]
    [InlineData("a Ph.D. student with a Ph.D", "a|Ph.D.|student|with|a|Ph.D")]
    [InlineData("It ended.Then I. Did", "It|ended|.|Then|I|.|Did")]
    [InlineData("First etc.\n\nSecond etc.\nlower", "First|etc|.|Second|etc.|lower")]
    public void Abbreviations_keep_their_period_except_at_the_end(string text, string tokens) => AssertTokens(text, tokens);

    [Theory]
    [InlineData("See https://example.com/a_(b)?q=1&r=2, please.", "See|https://example.com/a_(b)?q=1&r=2|,|please|.")]
    [InlineData("(www.example.org)", "(|www.example.org|)")]
    [InlineData("<mailto:jo.doe+x@mail.example.com>", "<|mailto:jo.doe+x@mail.example.com|>")]
    [InlineData("from Jo_Doe@OFFICE to jo@example.com's list", "from|Jo_Doe@OFFICE|to|jo@example.com|'s|list")]
    [InlineData("Example.com's page, example.org/about.", "Example.com|'s|page|,|example.org/about|.")]
    [InlineData("open \"plan-#7 final_2.DOC\" or .txt", "open|\"|plan|-|#|7|final_2.DOC|\"|or|.txt")]
    [InlineData("<<plan-#7.doc>>", "<<|plan-#7.doc|>>")]
    [InlineData("alt.music.jazz, Node.js, .NET", "alt.music.jazz|,|Node.js|,|.NET")]
    [InlineData("meet @ 5, @anna_b. #long_days!", "meet|@|5|,|@anna_b|.|#long_days|!")]
    public void Addresses_and_names_stay_whole(string text, string tokens) => AssertTokens(text, tokens);

    [Theory]
    [InlineData("Wait... what?! No!!! Hm. .", "Wait|...|what|?!|No|!!!|Hm|.|.")]
    [InlineData("so… yes", "so|…|yes")]
    [InlineData("really...? sure.?", "really|...|?|sure|.?")]
    [InlineData("He said, \"yes\" (twice) [sic].", "He|said|,|\"|yes|\"|(|twice|)|[|sic|]|.")]
    [InlineData("``so'' ‘quoted’ “too”", "``|so|''|‘|quoted|’|“|too|”")]
    [InlineData("the item(s)", "the|item|(|s|)")]
    [InlineData("and/or w/o w/ milk w/milk n/a", "and|/|or|w/o|w/|milk|w/|milk|n/a")]
    [InlineData("R&D & AT&T, C++ or C#", "R&D|&|AT&T|,|C++|or|C#")]
    [InlineData("**bold** a*b f*** s**t", "**|bold|**|a*b|f***|s**t")]
    [InlineData("x >= 3 -> y <- z ==> w", "x|>=|3|->|y|<-|z|==>|w")]
    [InlineData("snake_case _start_", "snake_case|_|start|_")]
    public void Punctuation_stands_apart_and_repeats_together(string text, string tokens) => AssertTokens(text, tokens);

    [Fact]
    public void A_drawn_rule_is_one_token() =>
        Assert.Equal(["-----", "*~*~*~*", "|---+---|"], EnglishTokenizer.Words("-----\n*~*~*~*\n|---+---|").Select(token => token.Text));

    [Theory]
    [InlineData("fine :-) or ;) or :( or :D <3", "fine|:-)|or|;)|or|:(|or|:D|<3")]
    [InlineData("thanks:) ^_^ :'( =) :P.", "thanks|:)|^_^|:'(|=)|:P|.")]
    [InlineData("(as noted:) and (smile :))", "(|as|noted|:|)|and|(|smile|:)|)")]
    [InlineData(":))) 3:00 a:b", ":)))|3:00|a|:|b")]
    [InlineData("hm:Dog :Dog <30", "hm|:|Dog|:|Dog|<|30")]
    public void Emoticons_stay_whole(string text, string tokens) => AssertTokens(text, tokens);

    [Theory]
    [InlineData("hi 👩‍👩‍👧 👍🏽🇫🇷❤️!", "hi|👩‍👩‍👧|👍🏽|🇫🇷|❤️|!")]
    [InlineData("cafe\u0301s don't\u0301", "cafe\u0301s|don't\u0301")]
    [InlineData("wow!\u0301a", "wow|!\u0301|a")]
    [InlineData("naïve Übung שלום, مرحبا", "naïve|Übung|שלום|,|مرحبا")]
    [InlineData("co\u00ADop 3\uFE0F\u20E3", "co\u00ADop|3\uFE0F\u20E3")]
    [InlineData("Brand™ 20° ½", "Brand|™|20|°|½")]
    public void Clusters_stay_whole(string text, string tokens) => AssertTokens(text, tokens);

    [Fact]
    public void Offsets_count_UTF16_units_and_code_points()
    {
        Assert.Equal(
            [new("😀", 0, 0, 1), new("it", 3, 2, 4), new("'s", 5, 4, 6), new("𝒜𝒷", 8, 7, 9), new(".", 12, 9, 10)],
            EnglishTokenizer.Words("😀 it's\u00A0𝒜𝒷."));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" \t\r\n\u00A0\u3000\u2028")]
    public void Nothing_but_white_space_has_no_tokens(string text) => Assert.Empty(EnglishTokenizer.Words(text));

    [Fact]
    public void Lone_surrogates_and_control_characters_are_tokens() =>
        Assert.Equal(["a", "\uD83D", "b", "\0", "\uDE00"], EnglishTokenizer.Words("a\uD83Db\0\uDE00").Select(token => token.Text));

    [Theory]
    [InlineData("a", 1)]
    [InlineData("!", 1)]
    [InlineData(".", 1)]
    [InlineData("-", 1)]
    [InlineData("7", 1)]
    [InlineData("\u0301", 1)]
    [InlineData("a\u200D", 1)]
    [InlineData("n't", 2)]
    [InlineData("a&", 2)]
    [InlineData("\"", Long)]
    [InlineData("(", Long)]
    [InlineData(":", Long)]
    [InlineData("\uD83D", Long)]
    [InlineData("'", Long / 2)]
    [InlineData("’", Long / 2)]
    [InlineData("a-", Long)]
    [InlineData("1-", Long)]
    [InlineData("a@", Long / 2)]
    [InlineData("1'", Long)]
    [InlineData(":(", Long / 2)]
    [InlineData("a:)", Long)]
    [InlineData("its ", Long / 4)]
    [InlineData("Mr. ", Long / 4 + 1)]
    [InlineData("😀", Long / 2)]
    public void Long_odd_input_has_the_expected_tokens(string unit, int tokens)
    {
        string text = string.Concat(Enumerable.Repeat(unit, Long / unit.Length));
        AssertInvariants(text);
        Assert.Equal(tokens, EnglishTokenizer.Words(text).Count, tolerance: 3);
    }

    [Fact]
    public void Any_string_is_covered_by_its_tokens() =>
        Gen.Char.Array[0, 60].Sample(chars => AssertInvariants(new string(chars)), iter: 5_000);

    [Fact]
    public void Any_row_of_rule_fragments_is_covered_by_its_tokens() =>
        Gen.OneOf(Fragments).Array[0, 14].Sample(parts => AssertInvariants(string.Concat(parts)), iter: 10_000);

    [Fact]
    public void White_space_in_front_moves_every_token_and_changes_none() =>
        Gen.OneOf(Fragments).Array[0, 10].Sample(
            parts =>
            {
                string text = string.Concat(parts);
                Assert.Equal(
                    EnglishTokenizer.Words(text).Select(token => token with { Start = token.Start + 3, CodePointStart = token.CodePointStart + 3, CodePointEnd = token.CodePointEnd + 3 }),
                    EnglishTokenizer.Words(" \n\t" + text));
            },
            iter: 5_000);

    // What the rules look for, and what could break them where it joins.
    private static readonly string[] Fragments =
    [
        "a", "I", "no", "Mr", "etc", "its", "cannot", "dont", "e", "non", "U", "s", "t", "n", "Ph", "D", "alt", "x", "w", "C", "com", "doc",
        "7", "12", "555", "2001", "'", "’", "`", "\"", ".", "..", "…", ",", ":", ";", "!", "?", "-", "–", "/", "\\", "&", "*",
        "_", "~", "#", "@", "$", "%", "+", "=", "<", ">", "^", "|", "(", ")", "[", "]", "://", "http", "www.", "mailto:", ":)",
        " ", "  ", "\n", "\r\n\r\n", "\u00A0", "\u0301", "\u200D", "\u200B", "\uFEFF", "\uFE0F", "\0", "\u00AD",
        "\u202E", "\u02BC", "😀", "👩", "🏽", "🇫", "\uD83D", "\uDE00", "é", "ש", "東", "\u0915", "\u094D", "𝒜", "½", "\u0600",
    ];

    private static void AssertTokens(string text, string tokens)
    {
        Assert.Equal(tokens.Split('|'), EnglishTokenizer.Words(text).Select(token => token.Text));
        AssertInvariants(text);
    }

    private static void AssertInvariants(string text)
    {
        List<Token> tokens = EnglishTokenizer.Words(text);
        List<string> points = CodePoints(text);
        var rebuilt = new StringBuilder(text.Length);
        int at = 0;
        foreach (Token token in tokens)
        {
            if (token.CodePointStart < at || token.CodePointEnd <= token.CodePointStart || token.CodePointEnd > points.Count) Assert.Fail($"{token} after {at}");
            string gap = string.Concat(points[at..token.CodePointStart]);
            if (!string.IsNullOrWhiteSpace(gap)) Assert.Fail($"\"{gap}\" before {token} is in no token");
            if (string.Concat(points[token.CodePointStart..token.CodePointEnd]) != token.Text) Assert.Fail($"{token} is not what stands there");
            if (text[token.Start..token.End] != token.Text) Assert.Fail($"{token} is not what stands between its UTF-16 offsets");
            if (token.Text.Any(char.IsWhiteSpace)) Assert.Fail($"{token} holds white space");
            if (IsMark(points[token.CodePointStart]) && token.CodePointStart > 0 && gap.Length == 0) Assert.Fail($"{token} was cut from its base");
            rebuilt.Append(gap).Append(token.Text);
            at = token.CodePointEnd;
        }

        string rest = string.Concat(points[at..]);
        if (!string.IsNullOrWhiteSpace(rest)) Assert.Fail($"\"{rest}\" at the end is in no token");
        Assert.Equal(text, rebuilt.Append(rest).ToString());
    }

    private static bool IsMark(string point) => CharUnicodeInfo.GetUnicodeCategory(point, 0)
        is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark;

    private static List<string> CodePoints(string text)
    {
        var points = new List<string>(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            bool pair = i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1]);
            points.Add(pair ? text.Substring(i++, 2) : text[i].ToString());
        }

        return points;
    }
}
