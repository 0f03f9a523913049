using System.Text.RegularExpressions;
using RnnService.Engine.Models;

namespace RnnService.Server.Endpoints.OpenAi;

/// <summary>Makes one text of the messages of a chat.</summary>
internal static partial class ChatPrompt
{
    /// <param name="messages">The messages.</param>
    /// <param name="template">See <see cref="ModelConfig.ChatTemplate"/>; null joins what the messages say by line breaks.</param>
    /// <returns>The text that the model goes on with: with a template that names roles, as the assistant.</returns>
    public static string Of(IReadOnlyList<ChatMessageRequest> messages, string? template)
    {
        if (template is null) return string.Join('\n', messages.Select(message => message.Content?.Text));
        string before = template[..template.IndexOf(ModelConfig.ChatContent, StringComparison.Ordinal)];
        return string.Concat(messages.Select(message => Fill(template, message.Role, message.Content?.Text ?? "")))
            + (before.Contains(ModelConfig.ChatRole, StringComparison.Ordinal) ? Fill(before, ChatMessage.Assistant, "") : "");
    }

    // All places at once: what is filled in may itself hold such words.
    private static string Fill(string template, string role, string content) =>
        Place().Replace(template, place => place.Value == ModelConfig.ChatRole ? role : content);

    [GeneratedRegex(@"\{role\}|\{content\}")]
    private static partial Regex Place();
}
