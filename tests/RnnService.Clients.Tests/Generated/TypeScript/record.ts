// Notes what a client sends and is answered, by the fetch that it finds.
const calls: { method: string; path: string; status: number }[] = [];
const send = globalThis.fetch;
globalThis.fetch = async (input, init) => {
  const request = new Request(input, init);
  const answer = await send(request);
  calls.push({ method: request.method, path: new URL(request.url).pathname, status: answer.status });
  return answer;
};

/** Prints the calls and the text that was generated. */
export const record = (text: string) => console.log(JSON.stringify({ text, calls }));
