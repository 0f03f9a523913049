import { InferenceClient } from "@huggingface/inference";

const client = new InferenceClient("none", { endpointUrl: "http://localhost:8080" });
const answer = await client.textGeneration({ inputs: "ROMEO:", parameters: { max_new_tokens: 60, seed: 7 } });
console.log(answer.generated_text);
// The rest is the tests'.
const said = { messages: [{ role: "user", content: "ROMEO:" }], max_tokens: 60, seed: 7 };
let streamed = "", spoken = "";
for await (const event of client.textGenerationStream({ inputs: "ROMEO:", parameters: { max_new_tokens: 60, seed: 7 } }))
  streamed += event.choices[0].text;
for await (const event of client.chatCompletionStream({ ...said, model: "shakespeare" })) spoken += event.choices[0].delta.content ?? "";
const at = name => new InferenceClient("none", { endpointUrl: "http://localhost:8080/models/" + name });
const error = await client.textGeneration({ model: "nobody", inputs: "ROMEO:" }).catch(fault => fault);
console.log(JSON.stringify({
  plain: answer.generated_text,
  own: (await at("shakespeare").textGeneration({ inputs: "ROMEO:", parameters: { max_new_tokens: 60, seed: 7 } })).generated_text,
  streamed,
  chat: (await client.chatCompletion({ ...said, model: "shakespeare" })).choices[0].message.content,
  chatStreamed: spoken,
  labels: (await at("sentiment").textClassification({ inputs: "a lovely film" })).map(label => label.label),
  tags: (await at("pos").tokenClassification({ inputs: "Marie Curie worked in Paris." })).map(tag => tag.entity_group),
  error: error.message,
  body: error.httpResponse?.body?.error?.message,
}));
