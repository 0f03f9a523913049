using CsCheck;
using RnnService.Training.Corpora;
using Xunit;

namespace RnnService.Training.Tests.Corpora;

public sealed class ConllTests : IDisposable
{
    private const string Conllu =
        """
        # sent_id = 1
        # text = I don't #3
        1	I	I	PRON	PRP	_	2	nsubj	_	_
        2-3	don't	_	_	_	_	_	_	_	_
        2	do	do	AUX	VBP	_	0	root	_	_
        3	n't	not	PART	RB	_	2	advmod	_	_
        3.1	go	go	VERB	VB	_	_	_	_	_
        4	#3	#3	NUM	CD	_	2	obj	_	_

        # sent_id = 2
        1	_	_	SYM	NFP	_	0	root	_	_

        """;

    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private CorpusSource Source(string content, string format = "conll") =>
        new() { Path = _folder.Write("a.txt", content), Format = format };

    private static string Show(CorpusSource source) => string.Join(
        " | ",
        Corpus.ReadTagged(source).Select(sentence => string.Join(' ', sentence.Words.Zip(sentence.Tags, (word, tag) => $"{word}/{tag}"))));

    private static Gen<string> OneOf(params string[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    private static List<CorpusNote> Notes(CorpusSource source)
    {
        var notes = new List<CorpusNote>();
        Corpus.ReadTagged(source, notes);
        return notes;
    }

    private string Refusal(CorpusSource source)
    {
        Exception error = Assert.ThrowsAny<Exception>(() => Corpus.ReadTagged(source));
        Assert.True(error is InvalidDataException or CorpusException, $"{error}");
        string message = error.Message;
        Assert.StartsWith(_folder["a.txt"], message);
        return message[_folder["a.txt"].Length..];
    }

    [Fact]
    public void Conllu_gives_forms_and_universal_tags_without_multi_word_lines_and_empty_nodes() =>
        Assert.Equal("I/PRON do/AUX n't/PART #3/NUM | _/SYM", Show(Source(Conllu, "conllu")));

    [Fact]
    public void Conllu_gives_other_columns_when_asked()
    {
        Assert.Equal("I/PRP do/VBP n't/RB #3/CD | _/NFP", Show(Source(Conllu, "conllu") with { TagColumn = 4 }));
        Assert.Equal("I/PRP do/VBP n't/RB #3/CD | _/NFP", Show(Source(Conllu, "conllu") with { FormColumn = "form", TagColumn = "XPOS" }));
        Assert.Equal("I/PRON do/AUX not/PART #3/NUM | _/SYM", Show(Source(Conllu, "conllu") with { FormColumn = 2 }));
    }

    [Fact]
    public void Conll_takes_the_first_column_and_the_last_by_default() =>
        Assert.Equal(
            "EU/I-ORG rejects/O | Bonn/I-LOC",
            Show(Source("-DOCSTART- -X- O O\n\nEU NNP I-NP I-ORG\nrejects VBZ I-VP O\n\n\nBonn NNP I-NP I-LOC")));

    [Fact]
    public void Conll_columns_can_be_chosen_from_either_end() =>
        Assert.Equal("Al/B-ORG is/O", Show(Source("1\tAl\tB-ORG\t-\tme\n2\tis\tO\t-\tme\n") with { FormColumn = 1, TagColumn = -3 }));

    [Fact]
    public void White_space_alone_ends_a_sentence() => Assert.Equal("a/O | b/O", Show(Source("a\tO\r\n\t\r\nb\tO\r\n \t \r\n")));

    [Fact]
    public void Odd_white_space_stays_within_a_word() =>
        Assert.Equal("a\u0085b/O c\u00A0d/O e f/O", Show(Source("a\u0085b\tO\nc\u00A0d\tO\ne f \tO\n")));

    [Fact]
    public void Words_that_begin_with_a_hash_are_no_comments() =>
        Assert.Equal("#now/O #/O 1/O | #/O", Show(Source("# text = #now # 1\n#now\tO\n#\tO\n# a comment within\n1\tO\n\n#\n#\tO\n")));

    [Fact]
    public void With_spaces_between_columns_a_lone_hash_within_a_sentence_is_a_word() =>
        Assert.Equal("is/O #/O 1/O", Show(Source("# text = is # 1\nis O\n# O\n1 O\n")));

    [Fact]
    public void A_tag_for_a_word_of_no_characters_is_an_error_unless_told_to_leave_it_out()
    {
        var source = Source("a\tO\n\tO\n \tO\nb\tO\n");
        Assert.StartsWith(", line 2: no word in column 0 before its tag \"O\"", Refusal(source));
        Assert.EndsWith("(skip_empty_words=true)", Refusal(source));
        Assert.Equal("a/O b/O", Show(source with { SkipEmptyWords = true }));
        Assert.Contains(Notes(source with { SkipEmptyWords = true }), note => note.Sentence.Contains("2 lines have a tag and no word", StringComparison.Ordinal));
    }

    [Fact]
    public void Tags_are_given_their_names()
    {
        var names = new Dictionary<string, string> { ["O"] = "O", ["B-person"] = "B-PER", ["B-product"] = "O" };
        Assert.Equal("Ann/B-PER has/O Lego/O", Show(Source("Ann B-person\nhas O\nLego B-product\n") with { LabelNames = names }));
        Assert.Equal(
            ", line 2: \"I-person\" has no name in label_names: expected one of O, B-person, B-product",
            Refusal(Source("Ann B-person\nLee I-person\n") with { LabelNames = names }));
    }

    [Fact]
    public void Sentences_come_back_as_they_were_written()
    {
        var cell = Gen.Char["abcXYZ#-'é宋\u0085"].Array[1, 5].Select(letters => new string(letters)).Where(text => text != "-DOCSTART-");
        var sentence = Gen.Select(cell, cell).Array[1, 6];
        sentence.Array[1, 5].Sample(
            sentences =>
            {
                var lines = sentences.Select(words => string.Concat(words.Select(word => $"{word.Item1}\t{word.Item2}\n")));
                var wanted = sentences.Select(words => string.Join(' ', words.Select(word => $"{word.Item1}/{word.Item2}")));
                return Show(Source(string.Join('\n', lines))) == string.Join(" | ", wanted);
            },
            iter: 200,
            threads: 1);
    }

    [Theory]
    [InlineData("a\tN\tO\n\tb\tN\tO\n", ", line 2: 4 columns separated by tabs; expected 3, as in line 1")]
    [InlineData("a\tN\tO\nb\tN O\n", ", line 2: 2 columns separated by tabs; expected 3, as in line 1")]
    [InlineData("a\tN\tO\nb N O\n", ", line 2: columns separated by spaces are found; expected tabs, as in line 1, or runs of either in the whole file (delimiter=whitespace)")]
    [InlineData("a N O\nb\tN\tO\n", ", line 2: a tab is found; expected columns separated by spaces, as in line 1, or runs of either in the whole file (delimiter=whitespace)")]
    [InlineData("a N O\nb O\n", ", line 2: 2 columns separated by spaces; expected 3, as in line 1")]
    [InlineData("a N O\nb\u00A0c O\n", ", line 2: 2 columns separated by spaces; expected 3, as in line 1; the space at character 2 is U+00A0, which separates no columns")]
    [InlineData("a\tO\n\nb\tO\tx\n", ", line 3: 3 columns separated by tabs; expected 2, as in line 1")]
    [InlineData("a\tO\t\nb\tO\t\n", ", line 1: no tag in column 2; expected one for every word: the line ends with a separator (tag_column=-2)")]
    [InlineData("is O\n# two words more\nit O\n", ", line 2: \"#\" and 4 columns within a sentence; expected the 2 of line 1, or a comment where comments are read (comments=true)")]
    public void A_line_whose_columns_differ_from_the_first_words_is_an_error(string content, string message) =>
        Assert.Equal(message, Refusal(Source(content)));

    [Fact]
    public void A_tag_with_a_space_in_it_means_two_separators_unless_it_is_said_to_be_one()
    {
        var source = Source("Ida\tNNP B-PER\nsings\tVBZ O\n");
        Assert.StartsWith(", line 1: tag \"NNP B-PER\" has a space in it", Refusal(source));
        Assert.Equal("Ida/B-PER sings/O", Show(source with { Delimiter = "whitespace" }));
        Assert.Equal("Ida/NNP B-PER sings/VBZ O", Show(source with { Delimiter = "tab" }));
    }

    [Fact]
    public void A_hash_with_the_columns_of_a_word_is_one_at_the_head_of_a_sentence_too() =>
        Assert.Equal("#/O Ida/B-PER | #/O Otto/B-PER", Show(Source("# SYM O\nIda NNP B-PER\n\n# SYM O\nOtto NNP B-PER\n")));

    [Fact]
    public void A_comment_with_as_many_columns_as_a_word_is_told_by_its_tag_or_by_the_setting()
    {
        var source = Source("# document 3\nIda NNP B-PER\n\n# document 4\nOtto NNP B-PER\n");
        Assert.Equal("Ida/B-PER | Otto/B-PER", Show(source));
        CorpusNote note = Assert.Single(Notes(source), note => note.Suggestions is [{ Name: "comments", Value: "false" }]);
        Assert.Contains("line 1: 2 lines begin with \"# \"", note.Sentence, StringComparison.Ordinal);
        Assert.Equal("#/3 Ida/B-PER | #/4 Otto/B-PER", Show(source with { Comments = false }));
        Assert.Equal("Ida/O", Show(Source("# SYM O\nIda NNP O\n") with { Comments = true }));
    }

    [Fact]
    public void No_word_is_ever_lost_whatever_separates_the_columns()
    {
        // Every line is one word: read as it stands, or the file is refused.
        var separator = OneOf("\t", " ", "  ", " \t", "\u00A0");
        Gen.Select(OneOf("a", "#", "1", ""), separator, OneOf("O", "B-X"), OneOf("", " ", "\t")).Array[1, 6].Sample(
            lines =>
            {
                try
                {
                    var read = Corpus.ReadTagged(Source(string.Concat(lines.Select(line => $"{line.Item1}{line.Item2}{line.Item3}{line.Item4}\n"))));
                    return read.Sum(sentence => sentence.Words.Count) == lines.Length;
                }
                catch (Exception error) when (error is InvalidDataException or CorpusException)
                {
                    return true;
                }
            },
            iter: 2000,
            threads: 1);
    }

    [Theory]
    [InlineData("1 Ida NNP B-PER\n2 sings VBZ O\n3 in IN O\n4 Lima NNP B-LOC\n\n1 Otto NNP B-PER\n2 left VBD O\n")]
    [InlineData("0\tIda\tB-PER\n1\tsings\tO\n\n0\tOtto\tB-PER\n1\tleft\tO\n")]
    public void A_column_that_counts_the_words_is_noticed(string content)
    {
        CorpusNote note = Assert.Single(Notes(Source(content)));
        Assert.Contains("column 0, read as the word, counts the words of each sentence", note.Sentence, StringComparison.Ordinal);
        Assert.Equal([new CorpusSetting("form_column", "1")], note.Suggestions);
        Assert.Empty(Notes(Source(content) with { FormColumn = 1 }));
    }

    [Fact]
    public void An_annotators_column_is_no_tag_where_another_marks_spans()
    {
        const string content = "# sent_id = 1\n# text = Jim met Ann .\n1\tJim\tB-PER\t-\tmayhew\n2\tmet\tO\t-\tmayhew\n3\tAnn\tB-PER\t-\tmayhew\n4\t.\tO\t-\tmayhew\n";
        Assert.Equal(["form_column=1", "tag_column=2"], Notes(Source(content)).SelectMany(note => note.Suggestions).Select(mend => $"{mend.Name}={mend.Value}"));
        Assert.Empty(Notes(Source(content) with { FormColumn = 1, TagColumn = 2 }));
    }

    [Fact]
    public void Words_that_are_numbers_are_noticed() =>
        Assert.Contains(Notes(Source("17\tIda\tO\n17\tsings\tO\n18\tin\tO\n")), note => note.Suggestions is [{ Name: "form_column", Value: "1" }]);

    [Fact]
    public void Lists_of_words_and_tags_are_read_from_JSON_lines()
    {
        var source = Source("{\"tokens\": [\"Ida\", \"sings\"], \"ner_tags\": [1, 0]}\n{\"tokens\": [\"#\"], \"ner_tags\": [0]}\n", "jsonl");
        Assert.Equal("Ida/1 sings/0 | #/0", Show(source));
        Assert.Equal(
            "Ida/B-PER sings/O | #/O", Show(source with { LabelNames = new Dictionary<string, string> { ["0"] = "O", ["1"] = "B-PER" } }));
        Assert.Equal(", line 2: 2 tags for 1 words; expected as many", Refusal(Source(
            "{\"words\": [\"a\"], \"tags\": [\"O\"]}\n{\"words\": [\"a\"], \"tags\": [\"O\", \"O\"]}\n", "jsonl")));
        Assert.Equal(", line 1: words[1] is empty; expected a word", Refusal(Source("{\"words\": [\"a\", \"\"], \"tags\": [\"O\", \"O\"]}", "jsonl")));
    }

    [Fact]
    public void Lines_that_are_something_else_are_named()
    {
        const string word = "1\tI\tI\tPRON\tPRP\t_\t2\tnsubj\t_\t_\n";
        Assert.Equal(
            ", line 2: 3 columns separated by tabs; expected the 10 of CoNLL-U",
            Refusal(Source(word + "2\tdo\tAUX\n", "conllu")));
        Assert.Equal(
            ", line 2: word \"1\"; expected 2: words count from 1, an empty line ends a sentence",
            Refusal(Source(word + word, "conllu")));
        Assert.Equal(", line 1: no tag in column 3; expected one for every word", Refusal(Source(word.Replace("PRON", "_"), "conllu")));
        Assert.Equal(", line 1: no word in column 1 before its tag \"PRON\"; expected one, or lines without a word left out (skip_empty_words=true)", Refusal(Source(word.Replace("1\tI\t", "1\t\t"), "conllu")));
        Assert.Equal(", line 1: no tag in column 1; expected one for every word", Refusal(Source("a\t\n")));
        Assert.Equal(", line 1: 1 column, but form_column is 1", Refusal(Source("a\n") with { FormColumn = 1 }));
        Assert.Equal(", line 1: 2 columns, but tag_column is 2", Refusal(Source("a b\na b\n") with { TagColumn = 2 }));
        Assert.Equal(", line 1: word and tag are both column 0 of 1; expected two columns", Refusal(Source("a\nb\n")));
        Assert.Equal(" holds no tagged sentence; expected at least one", Refusal(Source("# only\n\n# comments\n")));
    }
}
