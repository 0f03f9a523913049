import { OpenAI } from "@langchain/openai";

const model = new OpenAI({
  model: "shakespeare", apiKey: "none", configuration: { baseURL: "http://localhost:8080/v1" }, maxTokens: 60, modelKwargs: { seed: 7 },
});
console.log(await model.invoke("ROMEO:"));
// The rest is the tests'.
import { ChatOpenAI } from "@langchain/openai";

const own = { apiKey: "none", configuration: { baseURL: "http://localhost:8080/v1" }, maxTokens: 60, maxRetries: 0, modelKwargs: { seed: 7 } };
const chat = new ChatOpenAI({ ...own, model: "shakespeare" });
let streamed = "", spoken = "";
for await (const piece of await model.stream("ROMEO:")) streamed += piece;
for await (const piece of await chat.stream("ROMEO:")) spoken += piece.content;
const error = await new OpenAI({ ...own, model: "nobody" }).invoke("ROMEO:").catch(fault => fault);
console.log(JSON.stringify({
  plain: await model.invoke("ROMEO:"),
  streamed,
  batch: (await model.generate(["ROMEO:", "JULIET:"])).generations.map(texts => texts[0].text),
  chat: (await chat.invoke("ROMEO:")).content,
  chatStreamed: spoken,
  error: error.message,
}));
