using RnnService.Engine.Networks;
using RnnService.Engine.Text;

namespace RnnService.AspNetCore.Models;

/// <summary>A text whose network is to be looked into while it reads it.</summary>
/// <param name="Text">The text, from <see cref="Engine.Models.TextModel.Read"/>.</param>
/// <param name="Options">What to look at; the model has it.</param>
internal sealed record InspectionInput(TokenizedText Text, InspectionOptions Options)
{
    /// <summary>About how many tokens the network reads for it: gradients go back over the text too, which takes about twice the forward pass.</summary>
    public int Cost => Text.Ids.Length * (Options.Gradients ? 3 : 1);
}
