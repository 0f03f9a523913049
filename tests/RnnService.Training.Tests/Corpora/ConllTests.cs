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

    private string Refusal(CorpusSource source)
    {
        string message = Assert.Throws<InvalidDataException>(() => Corpus.ReadTagged(source)).Message;
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
    public void A_tag_for_a_word_of_no_characters_is_skipped() => Assert.Equal("a/O b/O", Show(Source("a\tO\n\tO\n \tO\nb\tO\n")));

    [Fact]
    public void Tags_are_given_their_names()
    {
        var names = new Dictionary<string, string> { ["O"] = "O", ["B-person"] = "B-PER", ["B-product"] = "O" };
        Assert.Equal("Ann/B-PER has/O Lego/O", Show(Source("Ann B-person\nhas O\nLego B-product\n") with { LabelNames = names }));
        Assert.Equal(
            ", line 2: \"I-person\" has no name in label_names: wanted one of O, B-person, B-product",
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

    [Fact]
    public void Lines_that_are_something_else_are_named()
    {
        const string word = "1\tI\tI\tPRON\tPRP\t_\t2\tnsubj\t_\t_\n";
        Assert.Equal(
            ", line 2: 3 columns separated by tabs, wanted the 10 of CoNLL-U",
            Refusal(Source(word + "2\tdo\tAUX\n", "conllu")));
        Assert.Equal(
            ", line 2: word \"1\", wanted 2: words count from 1, an empty line ends a sentence",
            Refusal(Source(word + word, "conllu")));
        Assert.Equal(", line 1: no tag in column 3: wanted one for every word", Refusal(Source(word.Replace("PRON", "_"), "conllu")));
        Assert.Equal(", line 1: no word: wanted one before its tag", Refusal(Source(word.Replace("1\tI\t", "1\t\t"), "conllu")));
        Assert.Equal(", line 1: no tag in column 1: wanted one for every word", Refusal(Source("a\t\n")));
        Assert.Equal(", line 1: 1 column, but form_column is 1", Refusal(Source("a\n") with { FormColumn = 1 }));
        Assert.Equal(", line 2: 2 columns, but tag_column is 2", Refusal(Source("a b c\na b\n") with { TagColumn = 2 }));
        Assert.Equal(", line 2: word and tag are both column 0 of 1: wanted two columns", Refusal(Source("a O\nb\n")));
        Assert.Equal(" holds no tagged sentence: wanted at least one", Refusal(Source("# only\n\n# comments\n")));
    }
}
