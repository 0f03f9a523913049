using RnnService.Engine.Models;

namespace RnnService.Training.Recipes;

/// <summary>A setting's path with its meaning and bounds.</summary>
internal sealed record SettingRow(string Path, string Meaning, Bounds? Bounds = null);

/// <summary>
/// Every setting of a recipe with its meaning and bounds. A property of a recipe without a line here has no help: a test fails.
/// </summary>
internal static class SettingRows
{
    private static readonly Bounds Share = new(0, 1) { Below = true };

    /// <summary>In the order of the documentation. Elements of lists are written with [], those of valid are read as those of train.</summary>
    public static IReadOnlyList<SettingRow> All { get; } =
    [
        new("model.format_version", "Version of the model folder's format.", new Bounds(ModelConfig.CurrentFormat, ModelConfig.CurrentFormat)),
        new("model.task", "What the model does with text: continues it, labels it as a whole, or labels every word."),
        new("model.cell", "The recurrence. sum adds the embeddings up without weights of its own: a bag of words."),
        new("model.tokenizer", "How text becomes tokens: code points, what white space separates, English words and punctuation, or subwords."),
        new("model.lower_case", "Looks words up in lower case."),
        new("model.embedding_size", "Width of a token's embedding.", new Bounds(1, ModelConfig.MaxEmbeddingSize)),
        new("model.hidden_size", "Width of the state of a layer and direction.", new Bounds(1, ModelConfig.MaxHiddenSize)),
        new("model.layers", "Stacked recurrent layers.", new Bounds(1, ModelConfig.MaxLayers)),
        new("model.bidirectional", "Each layer also reads from the end; not for a language model."),
        new("model.reverse", "Each layer reads from the end alone; not for a language model."),
        new("model.tie_weights", "A language model's output matrix is its embedding; the two sizes must be equal."),
        new("model.pooling", "How a classifier makes one vector of a text: its last state, or mean or maximum over time."),
        new("model.threshold", "Probability below which the service does not give a classifier's label; unless given all are.", new Bounds(0, 1)),
        new("model.output_name", "The output of model.onnx that gives the logits; no concern of a model that is trained."),
        new("model.characters.embedding_size", "A tagger's character network: width of a character's embedding.", new Bounds(1, ModelConfig.MaxEmbeddingSize)),
        new("model.characters.hidden_size", "A tagger's character network: width of each direction's state.", new Bounds(1, ModelConfig.MaxEmbeddingSize)),
        new("model.labels", "Names of the labels in id order; unless given, those of the training corpora in alphabetical order."),
        new("model.generation.max_new_tokens", "Tokens a language model adds when a caller does not say.", new Bounds(1)),
        new("model.generation.temperature", "Logits are divided by it before sampling; 0 takes the likeliest token.", new Bounds(0)),
        new("model.generation.top_k", "Draws from the k likeliest tokens.", new Bounds(0) { Zero = "all" }),
        new("model.generation.top_p", "Draws from the likeliest tokens that together have this probability.", new Bounds(0, 1) { Above = true }),
        new("model.generation.typical_p", "Draws from the tokens nearest to the expected information that together have this probability.", new Bounds(0, 1) { Above = true }),
        new("model.generation.repetition_penalty", "Makes tokens that occurred less likely; 1 is off.", new Bounds(0) { Above = true }),
        new("model.generation.frequency_penalty", "Subtracted from a token's logit each time that it was generated; 0 is off."),
        new("model.generation.presence_penalty", "Subtracted from the logits of tokens that were generated; 0 is off."),
        new("model.generation.do_sample", "Draws tokens; false takes the likeliest."),
        new("model.generation.stop", "Texts that end the generation."),
        new("model.generation.seed", "Seed of the draws; none draws one."),
        new("model.generation.top_n_tokens", "Alternatives reported with each token.", new Bounds(0)),
        new("model.generation.score_prompt", "Reports the log-probability of every token of the prompt."),
        new("model.chat_template", "How a message of a chat stands in the text that a language model continues, with {role} and {content}; left out: the contents, a line each."),
        new("model.description", "One sentence about the model, shown by /models and the card."),
        new("model.license", "Licence of the weights, shown by /models and the card."),
        new("model.examples", "Texts to try the model with, shown by /models and the playground; see data.examples."),
        new("model.metrics", "Measured scores by name; a run writes its own."),

        new("data.train[].path", "The corpus file, from the data folder; unpacked where it is packed with gzip."),
        new("data.train[].format", "How it is written."),
        new("data.train[].encoding", "Its encoding, such as utf-16le or windows-1252; unless given utf-8, or what a byte order mark says."),
        new("data.train[].label_column", "Column or field of the label, by number (from 0, negative from the end) or name; unless given one called label or the like, or else 0."),
        new("data.train[].text_column", "Column or field of the text; unless given one called text or the like, or else 1."),
        new("data.train[].skip_lines", "Lines to skip at the head of a labelled, pairs, csv or conll file.", new Bounds(0)),
        new("data.train[].header", "Whether the first line of a labelled, pairs or csv file names the columns; found unless given."),
        new("data.train[].delimiter", "What separates columns: comma, semicolon, tab, pipe or a character in csv; tab, space or whitespace in conll; found unless given."),
        new("data.train[].label_separator", "What separates several labels within the label's column of a table."),
        new("data.train[].where", "Keeps only rows of a table whose columns, by number or name, have these values."),
        new("data.train[].source_column", "Column or field of the text to translate in a corpus of pairs; unless given one called source, text or the like, or else 0."),
        new("data.train[].target_column", "Column or field of its translation; unless given one called target, translation, summary or the like, or else 1."),
        new("data.train[].target_path", "The file whose lines are the translations of the lines of path, in parallel."),
        new("data.train[].swap", "Exchanges source and target of pairs, so that one file serves both ways."),
        new("data.train[].form_column", "Column of the word in conll (0 unless given) and conllu (1), or the field of the words in jsonl."),
        new("data.train[].tag_column", "Column of the tag in conll (the last unless given) and conllu (3), or the field of the tags in jsonl."),
        new("data.train[].comments", "Whether lines of conll that begin with \"# \" are comments; unless given those without the columns of a word."),
        new("data.train[].skip_empty_words", "Leaves out lines of conll that have a tag but no word, which are an error otherwise."),
        new("data.train[].phrases", "Every labelled phrase of sst-trees, not only whole sentences."),
        new("data.train[].distinct", "Keeps the first of every example that repeats: label and text, or source and target."),
        new("data.train[].label_names", "Names for the labels as the file has them."),
        new("data.valid_share", "Share of the training corpora that chooses the best weights where data.valid is empty; 0.1 unless given.", new Bounds(0, 1) { Above = true, Below = true }),
        new("data.unseen_labels", "What validation labels do that are never learnt: miss evaluates them as wrong, error stops before the run."),
        new("data.min_count", "Tokens that are rarer are read as unknown.", new Bounds(1)),
        new("data.max_vocabulary", "Most tokens in the vocabulary.", new Bounds(3)),
        new("data.examples", "Short validation texts that model.examples are taken from where there are none, by everybody to be seen; not for a language model.", new Bounds(0, DataSettings.MostExamples)),
        new("data.max_tokens", "Tokens that a classifier's longer texts are cut to in training.", new Bounds(0) { Zero = "all" }),

        new("training.seed", "Every draw depends on it."),
        new("training.epochs", "Passes over the corpus.", new Bounds(1, 1_000_000)),
        new("training.batch_size", "Texts, sentences or parallel streams of text a step.", new Bounds(1, 65_536)),
        new("training.unroll_steps", "Tokens that a language model is unrolled over before gradients are cut.", new Bounds(1, 65_536)),
        new("training.shards", "Parts of a batch, each computed by one thread; the result depends on it, not on the number of threads.", new Bounds(1, 256)),
        new("training.optimizer", "Adam with decoupled weight decay, or SGD with momentum."),
        new("training.learning_rate", "The learning rate.", new Bounds(0) { Above = true }),
        new("training.momentum", "Adam's beta1, or the momentum of SGD.", Share),
        new("training.beta2", "Adam's beta2.", Share),
        new("training.epsilon", "Adam's epsilon.", new Bounds(0) { Above = true }),
        new("training.weight_decay", "Each step takes learning rate × this share off the weights.", new Bounds(0)),
        new("training.clip_norm", "The gradient's norm is cut to it.", new Bounds(0) { Zero = "never" }),
        new("training.schedule", "How the learning rate moves: not at all, down half a cosine, or down when evaluations bring no progress."),
        new("training.warmup_steps", "Steps over which the rate rises from 0.", new Bounds(0)),
        new("training.final_rate", "Share of the rate left at the end of a cosine.", new Bounds(0, 1)),
        new("training.plateau_factor", "What the rate is multiplied by on a plateau.", new Bounds(0, 1) { Above = true, Below = true }),
        new("training.plateau_patience", "Evaluations without progress before the rate falls.", new Bounds(1)),
        new("training.patience", "Evaluations without progress before the run ends.", new Bounds(0) { Zero = "never" }),
        new("training.evaluate_every", "Steps between evaluations.", new Bounds(0) { Zero = "each epoch" }),
        new("training.dropout.embedding", "Share of the embedded input that is dropped.", Share),
        new("training.dropout.between", "Share dropped between stacked layers.", Share),
        new("training.dropout.output", "Share dropped before the output layer.", Share),
        new("training.unknown_chance", "A word seen n times is read as unknown with chance a/(a+n), so that the unknown word is learnt.", new Bounds(0) { Zero = "never" }),
        new("training.average_decay", "Decay a step of the averaged weights that are evaluated and saved; 0 takes the weights as they are.", Share),
        new("training.identity_start", "Starts recurrent matrices as the identity, for ReLU networks."),
        new("training.log_every", "Steps between lines of the log.", new Bounds(1)),

        new("golden_input", "The text whose answer is kept with the model and checked at every load."),
    ];

    /// <summary>Names that other libraries have for settings.</summary>
    public static IReadOnlyDictionary<string, string> OfOtherLibraries { get; } = new Dictionary<string, string>
    {
        ["vocabulary_size"] = "data.max_vocabulary",
        ["vocab_size"] = "data.max_vocabulary",
        ["num_words"] = "data.max_vocabulary",
        ["max_features"] = "data.max_vocabulary",
        ["max_length"] = "data.max_tokens",
        ["max_len"] = "data.max_tokens",
        ["maxlen"] = "data.max_tokens",
        ["lr"] = "training.learning_rate",
        ["dropout"] = "training.dropout.output",
        ["num_layers"] = "model.layers",
        ["num_epochs"] = "training.epochs",
        ["embedding_dim"] = "model.embedding_size",
        ["hidden_dim"] = "model.hidden_size",
        ["units"] = "model.hidden_size",
        ["bptt"] = "training.unroll_steps",
        ["random_state"] = "training.seed",
        ["validation_split"] = "data.valid_share",
        ["early_stopping"] = "training.patience",
    };
}
