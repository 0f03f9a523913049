import OpenAI from "openai";

const client = new OpenAI({ baseURL: "http://localhost:8080/v1", apiKey: "none" });
const answer = await client.completions.create({ model: "shakespeare", prompt: "ROMEO:", max_tokens: 60, seed: 7 });
console.log(answer.choices[0].text);
// The rest is the tests'.
const asked = { model: "shakespeare", prompt: "ROMEO:", max_tokens: 60, seed: 7 };
const said = { model: "shakespeare", messages: [{ role: "user", content: "ROMEO:" }], max_tokens: 60, seed: 7 };
let streamed = "", usage = null, spoken = "";
for await (const event of await client.completions.create({ ...asked, stream: true, stream_options: { include_usage: true } })) {
  streamed += event.choices[0]?.text ?? "";
  usage = event.usage ?? usage;
}
for await (const event of await client.chat.completions.create({ ...said, stream: true })) spoken += event.choices[0].delta.content ?? "";
const several = await client.completions.create({ ...asked, prompt: ["ROMEO:", "JULIET:"], n: 2, logprobs: 2, echo: true });
const error = await client.completions.create({ ...asked, model: "nobody" }).catch(fault => fault);
const bound = await client.completions.create({ ...asked, max_tokens: 1e9 }).catch(fault => fault);
console.log(JSON.stringify({
  plain: answer.choices[0].text,
  streamed,
  chat: (await client.chat.completions.create(said)).choices[0].message.content,
  chatStreamed: spoken,
  generated: usage.completion_tokens,
  choices: several.choices.length,
  models: (await client.models.list()).data.map(model => model.id),
  model: (await client.models.retrieve("shakespeare")).id,
  error: error.message,
  code: error.code,
  param: bound.param,
}));
