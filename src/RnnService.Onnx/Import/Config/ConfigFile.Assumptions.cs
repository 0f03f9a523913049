using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using static RnnService.Engine.Weights.WeightFormatException;

namespace RnnService.Onnx.Import.Config;

/// <content>
/// What a configuration leaves unsaid and neither weights nor graph tell, though another answer would make another model: each is a note
/// that names what is taken and the field that says otherwise.
/// </content>
internal sealed partial class ConfigFile
{
    private void NoteAssumptions(ModelConfig config)
    {
        NoteCell();
        if (config.Task == ModelTask.Classifier && !_facts.IsKept) NotePooling(config);
        if (_vocabulary is not null) NoteCase(_vocabulary, config.LowerCase);
    }

    private void NoteCell()
    {
        bool isGiven = _given.TryGetValue("cell", out var given);
        string word = isGiven ? given.Value.GetString()!.ToLowerInvariant() : "";
        if (_facts.Cells is { Count: > 1 } && word == "gru")
        {
            _notes.Add($"{Found("cell")}: taken as PyTorch's nn.GRU, which resets after the product; "
                + "\"gru_before\" is the other one (Keras' reset_after=False)");
        }
        else if (_facts.Cells is { Count: > 1 } && word == "rnn")
        {
            _notes.Add($"{Found("cell")}: taken with tanh, as PyTorch's nn.RNN without more; \"rnn_relu\" is the other one");
        }
    }

    private void NotePooling(ModelConfig config)
    {
        if (_facts.Pooling is null && !_given.ContainsKey("pooling"))
            _notes.Add($"{_path} says no pooling: \"last\" is taken, the state after the last token; \"mean\" and \"max\" are the others");
        if (_facts.Pooling is null && config.Pooling == Pooling.Last && config.Bidirectional)
        {
            _notes.Add("Pooling \"last\" joins the states that each direction ends with (PyTorch's h_n), not the outputs at the last step (output[:, -1])");
        }
    }

    // A vocabulary without capitals was made of texts without them.
    private void NoteCase(VocabularyFile vocabulary, bool lowerCase)
    {
        string[] plain = [.. vocabulary.Tokens.Where(token => token is not (['<', .., '>'] or ['[', .., ']']) && token != "UNK")];
        string? capital = plain.FirstOrDefault(token => token.Any(char.IsUpper));
        if (lowerCase && capital is not null)
            _notes.Add($"lower_case is true, but {vocabulary.Path} holds {Quote(capital)}, which then is never found");
        else if (!lowerCase && !_given.ContainsKey("lower_case") && capital is null && plain.Any(token => token.Any(char.IsLower)))
        {
            _notes.Add($"{_path} does not say lower_case, and no token of {vocabulary.Path} has a capital: "
                + "words with capitals are unknown unless \"lower_case\" is true");
        }
    }

    private void CheckProblemType(ModelTask? task)
    {
        string? type = Text("problem_type");
        if (task is null or ModelTask.LanguageModel || type is null or "single_label_classification") return;
        _problems.Add($"{Found("problem_type")}; expected \"single_label_classification\": " + type switch
        {
            "regression" => "a number as the answer has no place here",
            "multi_label_classification" => "labels exclude each other here (one softmax over all of them), so those with a sigmoid each have no place",
            _ => "labels exclude each other here",
        });
    }
}
