import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText } from "ai";

const rnn = createOpenAICompatible({ name: "rnn", baseURL: "http://localhost:8080/v1" });
const answer = await generateText({ model: rnn("shakespeare"), prompt: "ROMEO:", maxOutputTokens: 60, seed: 7 });
console.log(answer.text);
// The rest is the tests'.
import { streamText } from "ai";

const asked = { prompt: "ROMEO:", maxOutputTokens: 60, seed: 7, maxRetries: 0 };
let streamed = "", completed = "";
for await (const piece of streamText({ ...asked, model: rnn("shakespeare") }).textStream) streamed += piece;
for await (const piece of streamText({ ...asked, model: rnn.completionModel("shakespeare") }).textStream) completed += piece;
const error = await generateText({ ...asked, model: rnn("nobody") }).catch(fault => fault);
console.log(JSON.stringify({
  chat: answer.text,
  chatStreamed: streamed,
  generated: answer.usage.outputTokens,
  plain: (await generateText({ ...asked, model: rnn.completionModel("shakespeare") })).text,
  streamed: completed,
  error: error.message,
}));
